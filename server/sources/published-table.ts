import type { JsonObject } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { pieces } from './pieces.ts';

export interface PublishedTableOptions {
  readonly topic: TopicName;
  readonly keyField: string;
  /** Largest publication, in bytes of JSON. */
  readonly pieceBytes: number;
}

type Key = string | number;

interface KeyedRow {
  readonly row: JsonObject;
  readonly json: string;
}

/**
 * Brings a topic of kind `table` to the given rows by publishing only what differs from what it was told before.
 *
 * It remembers each publication when the hub has taken it, so that one which failed is made again by the next `update`.
 * The first publication replaces whatever the topic held, since that may be of an earlier process.
 */
export class PublishedTable {
  readonly #options: PublishedTableOptions;
  /** The JSON text of each row that the topic holds; undefined before the first publication. */
  #held: Map<string, { readonly key: Key; readonly json: string }> | undefined;

  constructor(options: PublishedTableOptions) {
    this.#options = options;
  }

  /**
   * Stops between two publications when `signal` aborts.
   *
   * @param rows each with a key (string or number) of its own; 1 and "1" are the same key
   * @returns how many publications that took; 0 when nothing differs
   */
  async update(sink: Sink, rows: readonly JsonObject[], signal: AbortSignal): Promise<number> {
    const next = new Map<string, KeyedRow>();
    for (const row of rows) next.set(String(row[this.#options.keyField]), { row, json: JSON.stringify(row) });
    return (await this.#remove(sink, next, signal)) + (await this.#upsert(sink, next, signal));
  }

  async #remove(sink: Sink, next: ReadonlyMap<string, KeyedRow>, signal: AbortSignal): Promise<number> {
    const { topic, pieceBytes } = this.#options;
    const held = this.#held;
    if (!held) return 0;
    const gone = [...held].filter(([name]) => !next.has(name)).map(([, row]) => row.key);
    let published = 0;
    for (const keys of pieces(gone, (key) => JSON.stringify(key), pieceBytes)) {
      if (signal.aborted) return published;
      await sink.publish(topic, 'remove', keys);
      for (const key of keys) held.delete(String(key));
      published += 1;
    }
    return published;
  }

  async #upsert(sink: Sink, next: ReadonlyMap<string, KeyedRow>, signal: AbortSignal): Promise<number> {
    const { topic, keyField, pieceBytes } = this.#options;
    const changed = [...next].filter(([name, { json }]) => this.#held?.get(name)?.json !== json);
    let published = 0;
    for (const run of pieces(changed, ([, { json }]) => json, pieceBytes)) {
      if (signal.aborted) return published;
      const data = run.map(([, { row }]) => row);
      await sink.publish(topic, this.#held ? 'upsert' : 'replace', data);
      this.#held ??= new Map();
      for (const [name, { row, json }] of run) this.#held.set(name, { key: row[keyField] as Key, json });
      published += 1;
    }
    if (!this.#held && !signal.aborted) {
      await sink.publish(topic, 'replace', []);
      this.#held = new Map();
      published += 1;
    }
    return published;
  }
}
