import type { Clock } from '@tidewall/base';
import type { Log, Store } from '@tidewall/contracts';
import { z } from 'zod';
import { COLLECTIONS } from '../store/collections.ts';
import { readRecords } from '../store/records.ts';

export interface KeyUsesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** A stop of the machine loses this much of them at most. */
const KEEP_EVERY_MS = 60_000;

/** When each key was used last. To note it costs no more than a map does: a minute's worth is kept at a time. */
export class KeyUses {
  readonly #options: KeyUsesOptions;
  readonly #at: Map<string, number>;
  /** Keys of which it is not kept yet. */
  #changed = new Set<string>();
  #cancel: (() => void) | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: KeyUsesOptions, at: ReadonlyMap<string, number>) {
    this.#options = options;
    this.#at = new Map(at);
  }

  static async open(options: KeyUsesOptions): Promise<KeyUses> {
    const kept = await readRecords(options.store, COLLECTIONS.keyUses, z.number());
    return new KeyUses(options, new Map(kept.map(({ id, value }) => [id, value])));
  }

  of(id: string): number | undefined {
    return this.#at.get(id);
  }

  note(id: string): void {
    this.#at.set(id, this.#options.clock.now());
    this.#later(id);
  }

  /** Of a key that is deleted. */
  forget(id: string): void {
    if (this.#at.delete(id)) this.#later(id);
  }

  /** Keeps what is not kept yet. */
  async close(): Promise<void> {
    if (this.#cancel !== undefined) this.#keep();
    await this.#keeping;
  }

  #later(id: string): void {
    this.#changed.add(id);
    this.#cancel ??= this.#options.clock.after(KEEP_EVERY_MS, () => this.#keep());
  }

  #keep(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const { store, log } = this.#options;
    const changes = [...this.#changed].map((id) => ({ collection: COLLECTIONS.keyUses, id, value: this.#at.get(id) }));
    this.#changed = new Set();
    this.#keeping = this.#keeping
      .then(() => store.write(changes))
      .catch((failure: unknown) => {
        // With the next ones.
        for (const { id } of changes) this.#changed.add(id);
        log.warn({ err: failure }, 'when keys were used last could not be kept');
      });
  }
}
