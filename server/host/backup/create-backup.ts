import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Store } from '@tidewall/contracts';
import { pack as createPack, type Pack } from 'tar-stream';
import { STORE_FILE } from '../store/store-file.ts';
import { BACKUP_FOLDERS, type BackupManifest, isBackedUp, MANIFEST, SECRET_FILE } from './backup-format.ts';

export interface BackupSource {
  readonly store: Store;
  readonly dataDir: string;
  /** The folders of screens and of uploaded files. */
  readonly folders: Readonly<Record<(typeof BACKUP_FOLDERS)[number], string>>;
  readonly version: string;
  /** Whether what secrets are sealed with goes in, where it is a file of the data folder. */
  readonly withSecret: boolean;
  readonly now: number;
}

/**
 * A backup as it is written, from a store that goes on being used: the store as it is now, then screens and files. One that
 * breaks off has no end, and is none.
 *
 * @throws TidewallError when the store cannot be copied, before anything is written
 */
export async function createBackup(source: BackupSource): Promise<Readable> {
  const copy = join(source.dataDir, `.backup-${randomBytes(6).toString('hex')}.sqlite`);
  await source.store.backup(copy);
  const pack = createPack();
  const gzip = createGzip();
  const writing = (async () => {
    const writer = new EntryWriter(pack);
    await writer.addFile(STORE_FILE, copy);
    for (const folder of BACKUP_FOLDERS) {
      const path = source.folders[folder];
      const names = (await readdir(path).catch(() => [])).filter(isBackedUp).sort();
      for (const name of names) await writer.addFile(`${folder}/${name}`, join(path, name));
    }
    const secret = source.withSecret && (await writer.addFile(SECRET_FILE, join(source.dataDir, SECRET_FILE)));
    writer.finish({ format: 1, version: source.version, madeAt: source.now, secret });
  })();
  const sending = pipeline(Readable.from(pack), gzip);
  const end = async (failure?: Error) => {
    pack.destroy();
    if (failure !== undefined) gzip.destroy(failure);
    await rm(copy, { force: true });
  };
  // Whichever breaks ends the other: a reader that goes away, or a file that cannot be read.
  Promise.all([writing, sending]).then(
    () => end(),
    (failure: Error) => end(failure),
  );
  return gzip;
}

class EntryWriter {
  readonly #pack: Pack;
  readonly #entries: BackupManifest['entries'] = [];

  constructor(pack: Pack) {
    this.#pack = pack;
  }

  /** @returns whether it is there, and a file */
  async addFile(name: string, path: string): Promise<boolean> {
    let file: FileHandle;
    try {
      // Held from here on: one that is replaced meanwhile is the one that it was.
      file = await open(path, 'r');
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw failure;
    }
    try {
      const found = await file.stat();
      if (!found.isFile()) return false;
      const hash = createHash('sha256');
      const bytes = found.size;
      const entry = this.#pack.entry({ name, size: bytes, mode: 0o600, mtime: found.mtime });
      const read =
        bytes === 0 ? Readable.from([]) : file.createReadStream({ start: 0, end: bytes - 1, autoClose: false });
      await pipeline(
        read,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            yield chunk;
          }
        },
        entry,
      );
      this.#entries.push({ name, bytes, sha256: hash.digest('hex') });
      return true;
    } finally {
      await file.close();
    }
  }

  finish(about: Omit<BackupManifest, 'entries'>): void {
    this.#pack.entry(
      { name: MANIFEST, mode: 0o600 },
      JSON.stringify({ ...about, entries: this.#entries }, undefined, 2),
    );
    this.#pack.finalize();
  }
}
