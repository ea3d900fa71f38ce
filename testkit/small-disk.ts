import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real file system of a few megabytes, to be filled and broken. Only root may have one. */
export class SmallDisk {
  readonly path: string;
  readonly #mounts: string[];

  private constructor(path: string, mounts: string[]) {
    this.path = path;
    this.#mounts = mounts;
  }

  /** In memory; what does not fit is refused when it is written. */
  static inMemory(mebibytes: number): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), 'tidewall-disk-'));
    run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path);
    return new SmallDisk(path, [path]);
  }

  /**
   * ext4 that believes to have 32 MiB, on a device that has less: what does not fit is taken, and the failure is told
   * when it is synced.
   */
  static overbooked(mebibytes: number): SmallDisk {
    const device = SmallDisk.inMemory(mebibytes);
    const image = join(device.path, 'image');
    const path = join(device.path, 'disk');
    run('truncate', '-s', '32M', image);
    run('mkfs.ext4', '-q', '-F', image);
    mkdirSync(path);
    run('mount', '-o', 'loop', image, path);
    return new SmallDisk(path, [path, device.path]);
  }

  remount(option: 'ro' | 'rw'): void {
    run('mount', '-o', `remount,${option}`, this.path);
  }

  dispose(): void {
    for (const mount of this.#mounts) run('umount', mount);
    const outermost = this.#mounts.at(-1);
    if (outermost !== undefined) rmSync(outermost, { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
