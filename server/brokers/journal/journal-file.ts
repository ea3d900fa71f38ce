import { close, fdatasync, ftruncate, open, unlink, write } from 'node:fs';
import { promisify } from 'node:util';
import { encodeFrame } from './frames.ts';
import { versionLine } from './records.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const cutFile = promisify(ftruncate);
const syncFile = promisify(fdatasync);
const removeFile = promisify(unlink);

/** A file that frames are added to. One write and one sync may be under way at a time, side by side. */
export class JournalFile {
  readonly path: string;
  readonly #fd: number;
  #bytes: number;
  #underWay = 0;
  #whenIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  private constructor(path: string, fd: number, bytes: number) {
    this.path = path;
    this.#fd = fd;
    this.#bytes = bytes;
  }

  /** A new file; there must be none of that name. Its first bytes are written, so that it is known to take some. */
  static async create(path: string): Promise<JournalFile> {
    const file = new JournalFile(path, await openFile(path, 'wx', 0o600), 0);
    try {
      await file.write(versionLine);
      return file;
    } catch (failure) {
      await file.close();
      await removeFile(path);
      throw failure;
    }
  }

  /** A file that is there, from a place on; what stands after it is cut off. */
  static async resume(path: string, bytes: number): Promise<JournalFile> {
    const file = new JournalFile(path, await openFile(path, 'r+'), bytes);
    try {
      await cutFile(file.#fd, bytes);
      return file;
    } catch (failure) {
      await file.close();
      throw failure;
    }
  }

  /** The bytes of all its whole frames. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds one frame. When this rejects, the end of the file may be torn, and it must not be written to again. */
  write(lines: string): Promise<void> {
    const frame = encodeFrame(lines);
    return this.#during(
      new Promise((resolve, reject) => {
        const writeFrom = (done: number) => {
          write(this.#fd, frame, done, frame.length - done, this.#bytes + done, (failure, written) => {
            if (failure) reject(failure);
            else if (written === 0) reject(new Error(`nothing more can be written to ${this.path}`));
            else if (done + written < frame.length) writeFrom(done + written);
            else {
              this.#bytes += frame.length;
              resolve();
            }
          });
        };
        writeFrom(0);
      }),
    );
  }

  /** Resolves when what was written has reached the disk. */
  sync(): Promise<void> {
    return this.#during(syncFile(this.#fd));
  }

  /** Resolves when nothing is under way and it is closed; its number may belong to another file after that. */
  close(): Promise<void> {
    this.#closing ??= (
      this.#underWay === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            this.#whenIdle = resolve;
          })
    ).then(() => closeFile(this.#fd));
    return this.#closing;
  }

  async #during(work: Promise<void>): Promise<void> {
    this.#underWay++;
    try {
      await work;
    } finally {
      if (--this.#underWay === 0) this.#whenIdle?.();
    }
  }
}
