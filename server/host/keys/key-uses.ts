import { readFile } from 'node:fs/promises';
import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { z } from 'zod';
import { keepFile } from '../keep-file.ts';

export interface KeyUsesOptions {
  /** The file that keeps them. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A stop of the machine loses this much of them at most. */
const KEEP_EVERY_MS = 60_000;

const fileSchema = z.record(z.string(), z.number());

/** When each key was used last. To note it costs no more than a map does: a minute's worth is kept at a time. */
export class KeyUses {
  readonly #options: KeyUsesOptions;
  readonly #at: Map<string, number>;
  #cancel: (() => void) | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: KeyUsesOptions, at: ReadonlyMap<string, number>) {
    this.#options = options;
    this.#at = new Map(at);
  }

  /** What was kept; nothing when the file is not there, or not to be read: no server fails to start for that. */
  static async open(options: KeyUsesOptions): Promise<KeyUses> {
    try {
      const kept = fileSchema.parse(JSON.parse(await readFile(options.path, 'utf8')));
      return new KeyUses(options, new Map(Object.entries(kept)));
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') {
        options.log.warn(
          { err: failure, path: options.path },
          'when keys were used last cannot be read, and begins anew',
        );
      }
      return new KeyUses(options, new Map());
    }
  }

  of(id: string): number | undefined {
    return this.#at.get(id);
  }

  note(id: string): void {
    this.#at.set(id, this.#options.clock.now());
    this.#later();
  }

  /** Of a key that is deleted. */
  forget(id: string): void {
    if (this.#at.delete(id)) this.#later();
  }

  /** Keeps what is not kept yet. */
  async close(): Promise<void> {
    if (this.#cancel !== undefined) this.#keep();
    await this.#keeping;
  }

  #later(): void {
    this.#cancel ??= this.#options.clock.after(KEEP_EVERY_MS, () => this.#keep());
  }

  #keep(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const { path, log } = this.#options;
    this.#keeping = this.#keeping
      .then(() => keepFile(path, `${JSON.stringify(Object.fromEntries(this.#at))}\n`, 0o600))
      .catch((failure: unknown) => log.warn({ err: failure, path }, 'when keys were used last could not be kept'));
  }
}
