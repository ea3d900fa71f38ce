import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that holds publications: all that was kept at one time, or what came after it. */
export interface NumberedFile {
  readonly number: number;
  readonly type: 'checkpoint' | 'log';
  readonly path: string;
  readonly bytes: number;
}

const NUMBERED = /^(\d{8,})\.(checkpoint|log)$/;
/** A file that is being written, and of no use to anybody else. */
const UNFINISHED = /\.part$/;
const DAMAGED = /^\d{8,}\.(?:checkpoint|log)\.damaged$/;
/** Damaged files are left for somebody to look at; so many of them. */
const SET_ASIDE = 3;

export interface FolderContent {
  /** In the order in which they were begun. */
  readonly files: readonly NumberedFile[];
  readonly unfinished: readonly string[];
  /** Set aside by an earlier start, the oldest first. */
  readonly setAside: readonly string[];
}

/** What there is; of a folder that is not there, nothing. */
export async function listFolder(folder: string): Promise<FolderContent> {
  const files: NumberedFile[] = [];
  const unfinished: string[] = [];
  const setAside: string[] = [];
  for (const name of (await namesIn(folder)).sort()) {
    const path = join(folder, name);
    const [, number, type] = NUMBERED.exec(name) ?? [];
    if (UNFINISHED.test(name)) unfinished.push(path);
    else if (DAMAGED.test(name)) setAside.push(path);
    else if (number !== undefined) {
      files.push({ number: Number(number), type: type as NumberedFile['type'], path, bytes: (await stat(path)).size });
    }
  }
  return { files: files.sort((a, b) => a.number - b.number), unfinished, setAside };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure;
  }
}

/** The files of a folder that are not written to any more, and the numbers for those to come. */
export class JournalFolder {
  readonly path: string;
  readonly #files: NumberedFile[];
  readonly #damaged: ReadonlySet<string>;
  readonly #setAside: string[];
  #nextNumber: number;

  /** @param damaged paths of files to set aside in place of removing them */
  constructor(path: string, { files, setAside }: FolderContent, damaged: ReadonlySet<string>) {
    this.path = path;
    this.#files = [...files];
    this.#damaged = damaged;
    this.#setAside = [...setAside];
    this.#nextNumber = (files.at(-1)?.number ?? 0) + 1;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes of the logs alone. */
  get logBytes(): number {
    return this.#files.reduce((sum, { type, bytes }) => sum + (type === 'log' ? bytes : 0), 0);
  }

  get files(): readonly NumberedFile[] {
    return this.#files;
  }

  /** A file of that type, to be begun. Of two, the later one is read after the other. */
  next(type: NumberedFile['type']): Omit<NumberedFile, 'bytes'> {
    const number = this.#nextNumber++;
    return { number, type, path: join(this.path, `${String(number).padStart(8, '0')}.${type}`) };
  }

  /** The file is there, and is not written to any more. */
  add(file: NumberedFile): void {
    this.#files.push(file);
  }

  /** The file is written to again. */
  take(path: string): void {
    const index = this.#files.findIndex((file) => file.path === path);
    if (index >= 0) this.#files.splice(index, 1);
  }

  /** Removes all files before that number; those with damage are renamed, for somebody to look at. */
  async removeBefore(number: number): Promise<void> {
    for (const file of this.#files.filter((one) => one.number < number)) {
      if (this.#damaged.has(file.path)) await this.#putAside(file.path);
      else await unlink(file.path);
      this.take(file.path);
    }
  }

  async #putAside(path: string): Promise<void> {
    const aside = `${path}.damaged`;
    await rename(path, aside);
    this.#setAside.push(aside);
    while (this.#setAside.length > SET_ASIDE) await unlink(this.#setAside.shift() as string);
  }
}

/** Makes what was written to a file, by whomever, survive a power cut. */
export async function syncFile(path: string): Promise<void> {
  await syncOpened(path, 'r+');
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folder as a file, and keeps the order of its entries by itself.
  if (process.platform === 'win32') return;
  await syncOpened(folder, 'r');
}

async function syncOpened(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
