import { stat, statfs } from 'node:fs/promises';
import type { MountUse } from './reading.ts';

/** A line of /proc/self/mounts. */
export interface Mount {
  readonly device: string;
  readonly mount: string;
  readonly type: string;
}

/** More than these are not looked at; a machine with thousands of mounts is a host of containers. */
const MAX_MOUNTS = 64;

/** Images that are full by nature, mounted through a loop device. */
const IMAGE_TYPES: ReadonlySet<string> = new Set(['squashfs', 'iso9660', 'erofs', 'udf']);

/**
 * The mounts that hold data of this machine: on a block device, or the root. Not those that the kernel makes up (proc,
 * sysfs, tmpfs …), not images, and not the network's, where a dead server would block the question for good. A device
 * that is mounted in several places counts once, at its shortest path.
 */
export function parseMounts(text: string): Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [device, mount, type] = line.split(' ').map(unescapeOctal);
    if (!device || !mount || !type) continue;
    const holdsData = (device.startsWith('/dev/') && !IMAGE_TYPES.has(type)) || type === 'zfs' || mount === '/';
    if (!holdsData) continue;
    const known = byDevice.get(device);
    if (known === undefined || mount.length < known.mount.length) byDevice.set(device, { device, mount, type });
  }
  return lastOfEachPlace([...byDevice.values()]).slice(0, MAX_MOUNTS);
}

/** A later mount hides an earlier one at the same place. */
function lastOfEachPlace(mounts: readonly Mount[]): Mount[] {
  return [...new Map(mounts.map((mount) => [mount.mount, mount])).values()];
}

/** The kernel writes a space, a tab, a line break and a backslash in a path as `\040` and the like. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** How full a mount is; undefined when it is gone, or is a single file that a container has from its host. */
export async function readMountUse({ device, mount }: Pick<Mount, 'device' | 'mount'>): Promise<MountUse | undefined> {
  try {
    if (!(await stat(mount)).isDirectory()) return undefined;
    const { bsize, blocks, bfree, bavail } = await statfs(mount);
    if (blocks <= 0) return undefined;
    return {
      mount,
      device,
      totalBytes: blocks * bsize,
      usedBytes: (blocks - bfree) * bsize,
      freeBytes: bavail * bsize,
    };
  } catch {
    return undefined;
  }
}
