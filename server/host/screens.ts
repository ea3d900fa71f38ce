import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@tidewall/base';
import type { Log, Meter } from '@tidewall/contracts';
import { parseScreen, type ScreenDocument } from './screen-document.ts';

export interface ScreensOptions {
  /** Folders of `*.json`; a screen in a later one replaces its namesake in an earlier one. */
  readonly folders: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** The screens that this server shows. */
export interface Screens {
  get(id: string): ScreenDocument | undefined;
  list(): readonly ScreenDocument[];
  /** Reads the folders again, and resolves when that is done. Called by itself when a file changes. */
  reload(): Promise<void>;
  dispose(): void;
}

/** Files beyond these bounds are left out, with a line in the log. */
const MAX_SCREENS = 1000;
const MAX_SCREEN_BYTES = 4 * 1024 * 1024;
/** Editors write a file in several steps; one reading after the last of them is enough. */
const SETTLE_MS = 100;

/**
 * Reads every screen, then follows the folders. A file that is wrong keeps the last good reading of it, and the log
 * names the file, the place and the fault.
 */
export async function openScreens(options: ScreensOptions): Promise<Screens> {
  const shelf = new ScreenShelf(options);
  await shelf.reload();
  shelf.watch();
  return shelf;
}

/** One file as it was last read; `stamp` tells whether it must be read again. */
interface ReadFile {
  readonly stamp: string;
  readonly document: ScreenDocument | undefined;
}

class ScreenShelf implements Screens {
  readonly #options: ScreensOptions;
  #files = new Map<string, ReadFile>();
  #screens = new Map<string, ScreenDocument>();
  #watchers: FSWatcher[] = [];
  #cancelReload: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: ScreensOptions) {
    this.#options = options;
    options.meter.gauge('tidewall_screens', 'Screens that can be shown', () => this.#screens.size);
    options.meter.gauge('tidewall_screens_refused', 'Screen files that are wrong, and never were right', () => {
      return [...this.#files.values()].filter(({ document }) => document === undefined).length;
    });
  }

  get(id: string): ScreenDocument | undefined {
    return this.#screens.get(id);
  }

  list(): readonly ScreenDocument[] {
    return [...this.#screens.values()].sort((a, b) => (a.screen.id < b.screen.id ? -1 : 1));
  }

  reload(): Promise<void> {
    // One after the other: an older reading must not overwrite a newer one.
    this.#reading = this.#reading.then(() => this.#readAll());
    return this.#reading;
  }

  watch(): void {
    const { folders, log, clock } = this.#options;
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => {
          this.#cancelReload?.();
          this.#cancelReload = clock.after(SETTLE_MS, () => void this.reload());
        });
        watcher.on('error', (failure) =>
          log.warn({ folder, err: failure }, 'changes of screens are not seen any more'),
        );
        this.#watchers.push(watcher);
      } catch (failure) {
        log.warn({ folder, err: failure }, 'changes of screens in this folder are not seen until a restart');
      }
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#cancelReload?.();
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  async #readAll(): Promise<void> {
    const files = new Map<string, ReadFile>();
    const screens = new Map<string, ScreenDocument>();
    for (const folder of this.#options.folders) {
      const here = new Set<string>();
      for (const file of await this.#filesOf(folder)) {
        if (files.size >= MAX_SCREENS) {
          this.#options.log.warn({ file }, `this screen is left out: there are ${MAX_SCREENS} already`);
          continue;
        }
        const read = await this.#read(file);
        files.set(file, read);
        const id = read.document?.screen.id;
        if (read.document === undefined || id === undefined) continue;
        if (here.has(id))
          this.#options.log.warn({ file, screen: id }, 'another file in the folder has the same screen id');
        else screens.set(id, read.document);
        here.add(id);
      }
    }
    if (this.#disposed) return;
    this.#files = files;
    this.#screens = screens;
  }

  async #filesOf(folder: string): Promise<string[]> {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.json') && !entry.name.startsWith('.'))
        .map((entry) => join(folder, entry.name))
        .sort();
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#options.log.warn({ folder, err: failure }, 'the folder of screens cannot be read');
      }
      return [];
    }
  }

  async #read(file: string): Promise<ReadFile> {
    const before = this.#files.get(file);
    let stamp = '';
    try {
      const { mtimeMs, size, ino } = await stat(file);
      stamp = `${mtimeMs}-${size}-${ino}`;
      if (before?.stamp === stamp) return before;
      if (size > MAX_SCREEN_BYTES) throw new RangeError(`it has ${size} bytes, more than ${MAX_SCREEN_BYTES}`);
      const document = parseScreen(await readFile(file, 'utf8'));
      if (before !== undefined)
        this.#options.log.info({ file, screen: document.screen.id }, 'the screen was read again');
      return { stamp, document };
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      const kept = before?.document === undefined ? '' : '; the last good one stays';
      this.#options.log.warn({ file }, `this screen is not used: ${reason}${kept}`);
      return { stamp, document: before?.document };
    }
  }
}
