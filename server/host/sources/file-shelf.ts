import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TidewallError } from '@tidewall/protocol';
import { isFileName } from '@tidewall/sources';

export interface ShelvedFile {
  readonly name: string;
  readonly bytes: number;
  /** ms since 1970. */
  readonly changedAt: number;
}

export interface FileShelfOptions {
  readonly folder: string;
  readonly maxBytes: number;
}

/** Files on the shelf; a further one is refused. */
const MOST_FILES = 1000;
const MOST_AT_ONCE = 4;
const ASIDE = '.part';

/** Files that were uploaded for sources to read, in a folder of their own. */
export class FileShelf {
  readonly #options: FileShelfOptions;
  #uploads = 0;
  #atOnce = 0;

  private constructor(options: FileShelfOptions) {
    this.#options = options;
  }

  /** What an earlier process left in the middle of an upload is gone. */
  static async open(options: FileShelfOptions): Promise<FileShelf> {
    const { folder } = options;
    const left = (await readdir(folder)).filter((name) => name.endsWith(ASIDE));
    for (const name of left) await rm(join(folder, name), { force: true });
    return new FileShelf(options);
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  async list(): Promise<readonly ShelvedFile[]> {
    const { folder } = this.#options;
    const names = (await readdir(folder)).filter((name) => isFileName(name) && !name.endsWith(ASIDE)).sort();
    const files = names.map(async (name): Promise<ShelvedFile[]> => {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (!found?.isFile()) return [];
      return [{ name, bytes: found.size, changedAt: Math.round(found.mtimeMs) }];
    });
    return (await Promise.all(files)).flat();
  }

  /**
   * Takes a file in, in place of one of the same name; who reads it meanwhile finds the old one or the new one. What
   * breaks off leaves nothing.
   *
   * @throws TidewallError bad_request when it has no name that a file may have, limit_exceeded, storage_full, busy
   */
  async put(name: string, content: Readable): Promise<ShelvedFile> {
    const { folder, maxBytes } = this.#options;
    const path = this.#path(name);
    const known = await this.list();
    if (known.length >= MOST_FILES && !known.some((each) => each.name === name)) {
      throw new TidewallError('limit_exceeded', `${MOST_FILES} files may be uploaded; delete one that is not used`);
    }
    if (this.#atOnce >= MOST_AT_ONCE) {
      throw new TidewallError('busy', `${MOST_AT_ONCE} files are being uploaded already`, { afterMs: 2000 });
    }
    this.#uploads += 1;
    this.#atOnce += 1;
    const aside = join(folder, `upload-${this.#uploads}${ASIDE}`);
    try {
      // Open before anything can break off: a file that comes to be after that would be left behind.
      const file = await open(aside, 'w', 0o600);
      await pipeline(content, atMost(maxBytes), file.createWriteStream({ flush: true }));
      await rename(aside, path);
    } catch (failure) {
      await rm(aside, { force: true });
      const { code } = failure as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        throw new TidewallError('storage_full', `there is no room for ${name}; nothing was changed`, {
          cause: failure,
        });
      }
      if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') {
        throw new TidewallError('bad_request', `the upload of ${name} broke off; nothing was changed`, {
          cause: failure,
        });
      }
      throw failure;
    } finally {
      this.#atOnce -= 1;
    }
    const { size, mtimeMs } = await stat(path);
    return { name, bytes: size, changedAt: Math.round(mtimeMs) };
  }

  /** @throws TidewallError bad_request when there is none */
  async delete(name: string): Promise<void> {
    try {
      await rm(this.#path(name));
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') throw failure;
      throw new TidewallError('bad_request', `there is no file ${name}`);
    }
  }

  #path(name: string): string {
    if (isFileName(name) && !name.endsWith(ASIDE)) return join(this.#options.folder, name);
    const shown = JSON.stringify(name.slice(0, 100));
    throw new TidewallError(
      'bad_request',
      `${shown} cannot be a file's name: letters, digits and . _ - and spaces, 128 at most`,
    );
  }
}

/** @throws TidewallError limit_exceeded as soon as there is more */
function atMost(maxBytes: number) {
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new TidewallError('limit_exceeded', `the file is larger than ${maxBytes} bytes (http.fileBytes)`);
      yield chunk;
    }
  };
}
