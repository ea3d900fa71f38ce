import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Counter, Log, Meter } from '@tidewall/contracts';
import type { AuditEntry } from './audit-entry.ts';

export interface AuditFileOptions {
  readonly folder: string;
  readonly log: Log;
  readonly meter: Meter;
  /** A file that is larger is put aside. */
  readonly fileBytes?: number;
  /** Files put aside that are kept; older ones are deleted. */
  readonly files?: number;
}

const FILE_BYTES = 16 * 1024 * 1024;
const FILES = 15;
/** Entries that wait for the disk; more are not written, which is counted. */
const MOST_WAITING = 10_000;
const CURRENT = 'audit.ndjson';
const ASIDE = /^audit-(\d{6})\.ndjson$/;

/**
 * Keeps entries in order, a line of JSON each, in files of bounded size: 256 MiB in all unless it is said otherwise. What was
 * written has reached the disk within a moment; noting never waits and never fails.
 */
export class AuditFile {
  readonly #options: Required<AuditFileOptions>;
  readonly #lost: Counter;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #file: FileHandle;
  #bytes: number;
  #broken = false;

  private constructor(options: Required<AuditFileOptions>, file: FileHandle, bytes: number) {
    this.#options = options;
    this.#file = file;
    this.#bytes = bytes;
    this.#lost = options.meter.counter('tidewall_audit_lost_total', 'Entries of the audit that could not be kept');
  }

  static async open(options: AuditFileOptions): Promise<AuditFile> {
    const { folder } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await cutHalfLine(join(folder, CURRENT));
    const file = await open(join(folder, CURRENT), 'a', 0o600);
    return new AuditFile({ fileBytes: FILE_BYTES, files: FILES, ...options }, file, (await file.stat()).size);
  }

  note(entry: AuditEntry): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lost.add(1);
      return;
    }
    this.#waiting.push(entry);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** All that is kept, oldest first, a line each. */
  async *lines(): AsyncGenerator<string> {
    await this.flushed();
    for (const name of [...(await this.#aside()), CURRENT]) {
      const text = await readFile(join(this.#options.folder, name), 'utf8').catch(() => '');
      if (text !== '') yield text;
    }
  }

  /** Resolves when what was noted so far is on the disk, or could not be kept. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // In the turn after: what one request notes is written with one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const entries = this.#waiting;
      this.#waiting = [];
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      try {
        if (this.#bytes > this.#options.fileBytes) await this.#putAside();
        await this.#file.appendFile(text);
        await this.#file.datasync();
        this.#bytes += Buffer.byteLength(text);
        if (this.#broken) this.#options.log.info({}, 'the audit is kept again');
        this.#broken = false;
      } catch (failure) {
        this.#lost.add(entries.length);
        if (!this.#broken)
          this.#options.log.error({ err: failure }, 'the audit cannot be kept: what happens now is lost to it');
        this.#broken = true;
      }
    }
  }

  async #putAside(): Promise<void> {
    const { folder, files } = this.#options;
    const aside = await this.#aside();
    const newest = Number(ASIDE.exec(aside.at(-1) ?? '')?.[1] ?? 0);
    await this.#file.close();
    await rename(join(folder, CURRENT), join(folder, `audit-${String(newest + 1).padStart(6, '0')}.ndjson`));
    this.#file = await open(join(folder, CURRENT), 'a', 0o600);
    this.#bytes = (await stat(join(folder, CURRENT))).size;
    for (const name of aside.slice(0, Math.max(0, aside.length + 1 - files))) await rm(join(folder, name));
  }

  async #aside(): Promise<string[]> {
    return (await readdir(this.#options.folder)).filter((name) => ASIDE.test(name)).sort();
  }
}

/** A line that a stop of the machine has left half written would spoil the one behind it. */
async function cutHalfLine(path: string): Promise<void> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined || bytes.at(-1) === 0x0a) return;
  await truncate(path, bytes.lastIndexOf(0x0a) + 1);
}
