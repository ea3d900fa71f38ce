import { unlink } from 'node:fs/promises';
import { assert, backoffMs } from '@tidewall/base';
import { type Boot, FolderLock, FolderTaken, thisBoot } from '@tidewall/disk';
import { checkpointSize, NoRoom, writeCheckpoint } from './checkpoint.ts';
import { inTime } from './in-time.ts';
import { JournalFile } from './journal-file.ts';
import { JournalFolder, type NumberedFile, syncFile, syncFolder } from './journal-folder.ts';
import { JournalMetrics } from './journal-metrics.ts';
import type { JournalOptions } from './journal-options.ts';
import type { JournalTopic } from './journal-topic.ts';
import { LazySync } from './lazy-sync.ts';
import type { JournalContent } from './read-journal.ts';
import { FolderSeal } from './seal.ts';
import { isFull, reasonOf } from './write-failure.ts';
import { WritePace } from './write-pace.ts';
import { WriteQueue } from './write-queue.ts';

/*
 *               a write fails or takes too long,
 *               or the files would grow too large
 *   writing ─────────────────────────────────────▶ leaving
 *      ▲                                              │ the seal is broken
 *      │ a new log can be begun                       ▼
 *      └─────────────────────────────────────────── memory
 *
 * Writing without a seal: the checkpoint that makes the files whole again is not finished yet.
 */

/** Whose journal it is. */
export interface JournalOwner<Entry> {
  /** What the entry stood for is written, or nothing is written any more. In the order of `append`, once each. */
  settle(entry: Entry): void;
  /** All topics that shall outlive the process. */
  topics(): Iterable<JournalTopic>;
}

/**
 * Of the room there is: the log up to which a checkpoint is due, and the checkpoint. While one is written, both are
 * there twice.
 */
const LOG_SHARE = 1 / 8;
const CHECKPOINT_SHARE = 3 / 8;
/** Text that may wait for the disk. */
const MAX_WAITING = 64 * 1024 * 1024;
const SYNC_MS = 1000;
const RETRY = { baseMs: 500, maxMs: 30_000 };
/** A journal that was well for so long fails for the first time again. */
const WELL_MS = 60_000;

/**
 * Writes lines in order, many at once, one write at a time. When it cannot, its owner's entries are settled without,
 * the seal is broken, and it is tried again until a checkpoint of everything is written.
 */
export class Journal<Entry> {
  readonly #options: JournalOptions;
  readonly #owner: JournalOwner<Entry>;
  readonly #metrics: JournalMetrics;
  readonly #folder: JournalFolder;
  readonly #seal: FolderSeal;
  readonly #boot: Boot;
  #lock: FolderLock | undefined;
  #state: 'writing' | 'leaving' | 'memory' | 'closed' = 'writing';
  #sealed = false;
  /** Ends all that is under way when it fails. */
  #run = new AbortController();
  #tail: { readonly file: JournalFile; readonly number: number } | undefined;
  readonly #queue = new WriteQueue<Entry>();
  readonly #pace: WritePace;
  readonly #lazySync: LazySync;
  #flushing = false;
  #checkpointing: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  #cancelRetry = () => {};
  #failures = 0;
  /** Whether room is what it lacked the last time. */
  #isFull = false;
  #wellSince = 0;
  #closing: Promise<void> | undefined;
  /** Who waits until nothing is under way. */
  #quiet: (() => void)[] = [];

  private constructor(
    options: JournalOptions,
    owner: JournalOwner<Entry>,
    { content, boot, lock }: { content: JournalContent; boot: Boot; lock: FolderLock | undefined },
  ) {
    this.#options = options;
    this.#owner = owner;
    this.#boot = boot;
    this.#lock = lock;
    this.#folder = new JournalFolder(options.folder, content, content.damaged);
    this.#seal = new FolderSeal(options.folder);
    this.#pace = new WritePace(options.clock);
    this.#lazySync = new LazySync(options.clock, SYNC_MS, () => this.#syncLate());
    this.#metrics = new JournalMetrics(options.meter, {
      bytes: () => this.#bytes,
      waitingBytes: () => this.#queue.size,
      degraded: () => !this.#sealed,
    });
    this.#metrics.cut.add(content.cutBytes);
    this.#metrics.damaged.add(content.damagedBytes);
  }

  /**
   * Goes on with what a folder holds, and resolves when lines are taken.
   *
   * @param intact whether the files can be continued as they are; if not, a checkpoint replaces them first
   * @param lock the right to the folder, or why it cannot be had now
   */
  static async start<Entry>(
    options: JournalOptions,
    owner: JournalOwner<Entry>,
    content: JournalContent,
    intact: boolean,
    lock: FolderLock | Error,
  ): Promise<Journal<Entry>> {
    const boot = await thisBoot(options.clock.now());
    const held = lock instanceof FolderLock ? lock : undefined;
    const journal = new Journal(options, owner, { content, boot, lock: held });
    const { signal } = journal.#run;
    try {
      if (lock instanceof Error) throw lock;
      for (const path of content.unfinished) await unlink(path);
      if (intact && content.newest) await journal.#resume(content.newest);
      else await journal.#renew();
    } catch (failure) {
      journal.#leave(signal, failure);
    }
    await journal.#whenQuiet();
    return journal;
  }

  /** Entries that are not settled yet, in order. */
  get waiting(): readonly Entry[] {
    return this.#queue.waiting;
  }

  /** @param lines whole lines; empty: the entry only waits for those before it */
  append(lines: string, entry?: Entry): void {
    if (this.#state === 'memory') {
      if (entry !== undefined) this.#owner.settle(entry);
      return;
    }
    this.#queue.add(this.#state === 'writing' ? lines : '', entry);
    if (this.#state !== 'writing') return;
    if (this.#queue.size > MAX_WAITING) {
      this.#leave(this.#run.signal, new NoRoom(`more than ${MAX_WAITING} characters wait to be written`));
    } else if (!this.#flushing) {
      this.#flushing = true;
      const { signal } = this.#run;
      setImmediate(() => void this.#flush(signal));
    }
  }

  /** Writes what there is, and seals the folder as closed. Closing twice is closing once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #bytes(): number {
    return this.#folder.bytes + (this.#tail?.file.bytes ?? 0);
  }

  async #flush(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#queue.isEmpty) {
      await this.#pace.next();
      if (signal.aborted) return;
      const { lines, entries } = this.#queue.take();
      this.#pace.wrote(entries);
      if (lines !== '' && !(await this.#within(signal, () => this.#write(lines, signal)))) return;
      this.#metrics.records.add(entries);
      this.#queue.settleTaken((entry) => this.#owner.settle(entry));
      const due = this.#folder.logBytes + this.#current().file.bytes >= this.#options.maxBytes * LOG_SHARE;
      if (due && !this.#checkpointing) await this.#rotate(signal);
    }
    if (signal.aborted) return;
    this.#flushing = false;
    this.#becomeQuiet();
  }

  async #write(lines: string, signal: AbortSignal): Promise<void> {
    const { sync, folder } = this.#options;
    await this.#room(lines.length, signal);
    const { file } = this.#current();
    if (this.#lock?.mayBeLost === true && !(await this.#lock.isHeld())) {
      throw new FolderTaken(`another process has taken ${folder} over while this one stood still`);
    }
    const before = file.bytes;
    await file.write(lines);
    this.#metrics.written.add(file.bytes - before);
    if (sync === 'always') await this.#syncNow(file);
    else this.#lazySync.touch();
  }

  /** Resolves when the files may grow by so much, for which a checkpoint makes room. */
  async #room(bytes: number, signal: AbortSignal): Promise<void> {
    const { maxBytes, folder } = this.#options;
    const isOver = () => this.#bytes + bytes + (this.#checkpointing ? maxBytes * CHECKPOINT_SHARE : 0) > maxBytes;
    if (isOver() && !this.#checkpointing) await this.#rotate(signal);
    while (isOver() && this.#checkpointing) await this.#checkpointing;
    signal.throwIfAborted();
    if (isOver()) throw new NoRoom(`${folder} would have more than ${maxBytes} bytes (journal.maxBytes)`);
  }

  #current(): { readonly file: JournalFile; readonly number: number } {
    assert(this.#tail, 'there is a log while writing');
    return this.#tail;
  }

  async #syncNow(file: JournalFile): Promise<void> {
    const began = this.#options.clock.monotonic();
    await file.sync();
    this.#metrics.syncSeconds = (this.#options.clock.monotonic() - began) / 1000;
  }

  async #syncLate(): Promise<void> {
    const { signal } = this.#run;
    try {
      if (this.#state === 'writing') await this.#syncNow(this.#current().file);
    } catch (failure) {
      // What the machine could not write it may have forgotten by now: only memory knows.
      this.#leave(signal, failure);
    }
  }

  /** Whether the work was done in time. If not, everything that is under way is left. */
  async #within(signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
    const { clock, stallMs } = this.#options;
    const late = () => this.#leave(signal, new Error(`a write takes longer than ${stallMs} ms (journal.stallMs)`));
    try {
      await inTime(clock, stallMs, work(), late);
    } catch (failure) {
      this.#leave(signal, failure);
    }
    return !signal.aborted;
  }

  /** Goes on with a log that is there. */
  async #resume(newest: { readonly path: string; readonly bytes: number }): Promise<void> {
    const known = this.#folder.files.find(({ path }) => path === newest.path);
    assert(known, 'the newest log is one of the files');
    // The seal will say that all of it has reached the disk, also what an earlier process did not sync.
    for (const { path } of this.#folder.files) await syncFile(path);
    const file = await JournalFile.resume(newest.path, newest.bytes);
    this.#folder.take(newest.path);
    this.#tail = { file, number: known.number };
    await this.#seal.write({ boot: this.#boot, sync: this.#options.sync, closed: false });
    this.#sealed = true;
  }

  /** Begins anew: a checkpoint of everything that is in memory, and a log after it. */
  async #renew(): Promise<void> {
    const checkpoint = this.#folder.next('checkpoint');
    const log = this.#folder.next('log');
    const file = await this.#begin(log);
    if (this.#state === 'closed') return file.close();
    this.#run = new AbortController();
    this.#tail = { file, number: log.number };
    this.#state = 'writing';
    for (const topic of this.#owner.topics()) topic.recorded ??= topic.record;
    await this.#checkpointTo(checkpoint, this.#run.signal);
  }

  /** What comes goes to a new log, and a checkpoint in place of all before it is written meanwhile. */
  async #rotate(signal: AbortSignal): Promise<void> {
    const checkpoint = this.#folder.next('checkpoint');
    const log = this.#folder.next('log');
    const begun = await this.#within(signal, async () => {
      const file = await this.#begin(log);
      if (signal.aborted) return file.close();
      const { file: old, number } = this.#current();
      this.#folder.add({ number, type: 'log', path: old.path, bytes: old.bytes });
      this.#tail = { file, number: log.number };
      void old.close().catch((failure: unknown) => this.#leave(signal, failure));
    });
    if (!begun) return;
    void this.#checkpointTo(checkpoint, signal);
  }

  async #begin({ path }: Pick<NumberedFile, 'path'>): Promise<JournalFile> {
    const file = await JournalFile.create(path);
    if (this.#options.sync === 'always') await syncFolder(this.#folder.path);
    return file;
  }

  #checkpointTo(file: Omit<NumberedFile, 'bytes'>, signal: AbortSignal): Promise<void> {
    this.#checkpointing = this.#checkpoint(file, signal).finally(() => {
      this.#checkpointing = undefined;
    });
    return this.#checkpointing;
  }

  /** Writes it, seals the folder when it is not, and removes what it replaces. Never rejects. */
  async #checkpoint({ path, number }: Omit<NumberedFile, 'bytes'>, signal: AbortSignal): Promise<void> {
    const { maxBytes, sync, log } = this.#options;
    try {
      const topics = [...this.#owner.topics()];
      const { bytes, shortened } = await writeCheckpoint({ path, topics, room: maxBytes * CHECKPOINT_SHARE, signal });
      this.#folder.add({ number, type: 'checkpoint', path, bytes });
      this.#metrics.written.add(bytes);
      if (shortened > 0 && this.#metrics.shortened === 0) {
        const message = 'journal.maxBytes has no room for all that is kept: of some topics, less outlives a restart';
        log.warn({ topics: shortened, maxBytes }, message);
      }
      this.#metrics.shortened = shortened;
      signal.throwIfAborted();
      if (!this.#sealed) {
        await this.#seal.write({ boot: this.#boot, sync, closed: false });
        signal.throwIfAborted();
        this.#becomeWell();
      }
      await this.#folder.removeBefore(number);
    } catch (failure) {
      this.#leave(signal, failure);
    }
  }

  #becomeWell(): void {
    this.#sealed = true;
    this.#isFull = false;
    this.#wellSince = this.#options.clock.monotonic();
    if (this.#failures === 0) return;
    this.#options.log.info({ folder: this.#folder.path }, 'the journal is written again: topics outlive a restart');
  }

  /** From here on topics live in memory alone. Nothing is settled before the files say that they miss something. */
  #leave(signal: AbortSignal, cause: unknown): void {
    if (signal.aborted || this.#state !== 'writing') return;
    this.#run.abort();
    this.#state = 'leaving';
    this.#queue.dropLines();
    const { clock, log } = this.#options;
    if (this.#sealed && clock.monotonic() - this.#wellSince > WELL_MS) this.#failures = 0;
    if (this.#sealed || this.#failures === 0) {
      const fields = { folder: this.#folder.path, reason: reasonOf(cause) };
      log.error(fields, 'the journal cannot be written, and is tried again: until then topics live in memory alone');
    }
    this.#metrics.failures.add(1);
    this.#sealed = false;
    void this.#goOnInMemory(cause);
  }

  async #goOnInMemory(cause: unknown): Promise<void> {
    const { clock, stallMs, log } = this.#options;
    const tail = this.#tail;
    this.#tail = undefined;
    if (tail) {
      const { path, bytes } = tail.file;
      this.#folder.add({ number: tail.number, type: 'log', path, bytes });
    }
    // The seal of a folder that is somebody else's is theirs.
    const broken = cause instanceof FolderTaken ? Promise.resolve() : this.#seal.break();
    const told = broken.catch((failure: unknown) => {
      const message = 'the journal cannot be marked as incomplete: a restart could give positions twice';
      log.error({ folder: this.#folder.path, reason: reasonOf(failure) }, message);
    });
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(stallMs, resolve);
    });
    await Promise.race([told, late]);
    cancel();
    this.#queue.settleAll((entry) => this.#owner.settle(entry));
    this.#flushing = false;
    if (this.#state === 'leaving') this.#state = 'memory';
    this.#becomeQuiet();
    // A disk that has not answered yet is not asked for more.
    await Promise.allSettled([told, tail?.file.close(), this.#checkpointing]);
    if (!(cause instanceof FolderTaken)) this.#retryAfter(cause);
  }

  async #recover(): Promise<void> {
    const { folder, clock, log } = this.#options;
    try {
      this.#lock ??= await FolderLock.acquire({ folder, clock, log });
      await this.#seal.break();
      if (this.#state !== 'memory') return;
      await this.#makeRoom();
      await this.#renew();
    } catch (failure) {
      if (failure instanceof FolderTaken) log.error({ folder }, failure.message);
      else this.#retryAfter(failure);
    }
  }

  /**
   * Removes what a checkpoint will replace before it is written, when there is no room for both. Memory has all of it;
   * the price is that a restart in between finds nothing.
   */
  async #makeRoom(): Promise<void> {
    const { bytes } = this.#folder;
    const needed = this.#isFull || bytes > this.#options.maxBytes / 2;
    if (needed && bytes > checkpointSize([...this.#owner.topics()])) {
      await this.#folder.removeBefore(Number.POSITIVE_INFINITY);
    }
  }

  /** Tries again later, each time a little later. */
  #retryAfter(failure: unknown): void {
    // The first time, room may come from elsewhere.
    if (this.#failures > 0) this.#isFull ||= isFull(failure);
    if (this.#state !== 'memory') return;
    const waitMs = backoffMs(this.#failures++, RETRY, this.#options.random());
    this.#cancelRetry = this.#options.clock.after(waitMs, () => {
      this.#recovering = this.#recover();
    });
  }

  async #close(): Promise<void> {
    await this.#whenQuiet();
    const wasSealed = this.#sealed;
    this.#state = 'closed';
    this.#run.abort();
    this.#cancelRetry();
    this.#lazySync.dispose();
    await Promise.all([this.#checkpointing, this.#recovering]);
    const file = this.#tail?.file;
    try {
      if (wasSealed && file) {
        await file.sync();
        await this.#seal.write({ boot: this.#boot, sync: this.#options.sync, closed: true });
      }
    } catch (failure) {
      const fields = { folder: this.#folder.path, reason: reasonOf(failure) };
      this.#options.log.error(fields, 'the journal could not be closed: after a power cut, all topics have new epochs');
    }
    await file?.close();
    await this.#lock?.release();
  }

  #whenQuiet(): Promise<void> {
    if (!this.#flushing && this.#state !== 'leaving') return Promise.resolve();
    return new Promise((resolve) => {
      this.#quiet.push(resolve);
    });
  }

  #becomeQuiet(): void {
    for (const resolve of this.#quiet.splice(0)) resolve();
  }
}
