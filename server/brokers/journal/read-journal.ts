import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { readFrames } from './frames.ts';
import { type FolderContent, listFolder, type NumberedFile } from './journal-folder.ts';
import { readRecords } from './records.ts';
import { JournalRefused, Replay, type Replayed } from './replay.ts';

export interface ReadOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1). */
  random(): number;
}

/** What a folder holds. */
export interface JournalContent extends FolderContent {
  /** Paths of the files that have damage. */
  readonly damaged: ReadonlySet<string>;
  readonly damagedBytes: number;
  readonly cutBytes: number;
  /** The newest log, and how many of its bytes are whole frames; undefined when it has none. */
  readonly newest: { readonly path: string; readonly bytes: number } | undefined;
  /** @param trusted as of `Replay.finish` */
  replay(trusted: boolean): Replayed;
}

/** How often somebody who waits for a long start hears how far it is. */
const PROGRESS_MS = 1000;

/** Reads everything there is, frame by frame, and says in the log what is torn or damaged and where. */
export async function readJournal(options: ReadOptions): Promise<JournalContent> {
  const content = await listFolder(options.folder);
  // A checkpoint stands for all before it; it has its name only once it is whole.
  const from = content.files.findLastIndex(({ type }) => type === 'checkpoint');
  const reading = new Reading(options, content.files.slice(Math.max(0, from)));
  await reading.readAll();
  return {
    ...content,
    damaged: reading.damaged,
    damagedBytes: reading.damagedBytes,
    cutBytes: reading.cutBytes,
    newest: reading.newest,
    replay: (trusted) => reading.replay.finish(trusted),
  };
}

class Reading {
  readonly replay: Replay;
  readonly damaged = new Set<string>();
  damagedBytes = 0;
  cutBytes = 0;
  newest: { readonly path: string; readonly bytes: number } | undefined;
  readonly #options: ReadOptions;
  readonly #files: readonly NumberedFile[];
  readonly #total: number;
  #done = 0;
  #toldAt: number;

  constructor(options: ReadOptions, files: readonly NumberedFile[]) {
    this.#options = options;
    this.#files = files;
    this.#total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.replay = new Replay(options.random);
    this.#toldAt = options.clock.monotonic();
  }

  async readAll(): Promise<void> {
    for (const file of this.#files) {
      await this.#read(file);
      this.#done += file.bytes;
    }
  }

  async #read(file: NumberedFile): Promise<void> {
    const { path, type } = file;
    const handle = await open(path, 'r');
    let whole = 0;
    try {
      for await (const piece of readFrames(handle, file.bytes)) {
        if (piece.type === 'torn' && type === 'log') {
          this.cutBytes += piece.bytes;
          const fields = { file: basename(path), byte: piece.at, bytes: piece.bytes };
          this.#options.log.warn(fields, 'the last write to the journal was cut short; what there is of it is cut off');
        } else if (piece.type !== 'frame') this.#damage(file, piece.at, piece.bytes, 'is not what was written');
        else {
          this.#take(file, piece.at, piece.lines);
          whole = piece.at + piece.bytes;
        }
        this.#tell(piece.at);
      }
    } finally {
      await handle.close();
    }
    if (type === 'checkpoint' && !this.replay.takeEnd()) this.#damage(file, file.bytes, 0, 'has no end');
    if (type === 'log') this.newest = whole === 0 ? undefined : { path, bytes: whole };
  }

  #take(file: NumberedFile, at: number, lines: Buffer): void {
    this.replay.nextFrame();
    try {
      readRecords(lines, this.replay);
    } catch (failure) {
      if (failure instanceof JournalRefused) throw failure;
      this.#damage(file, at, lines.length, `cannot be understood: ${(failure as Error).message}`);
    }
  }

  #damage(file: NumberedFile, byte: number, bytes: number, what: string): void {
    this.replay.damaged();
    this.damaged.add(file.path);
    this.damagedBytes += bytes;
    const fields = { file: basename(file.path), byte, bytes };
    this.#options.log.error(fields, `the journal is damaged: what stands there ${what}`);
  }

  #tell(at: number): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = now;
    const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
    this.#options.log.info(
      { mebibytes: mebibytes(this.#done + at), of: mebibytes(this.#total) },
      'reading the journal',
    );
  }
}
