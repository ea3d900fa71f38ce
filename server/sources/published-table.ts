import type { Clock, JsonObject } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { pieces } from './pieces.ts';
import { Turns } from './turns.ts';

export interface PublishedTableOptions {
  readonly topic: TopicName;
  readonly keyField: string;
  /** Largest publication, in bytes of JSON. */
  readonly pieceBytes: number;
  readonly clock: Clock;
}

type Key = string | number;

interface KeyedRow {
  readonly name: string;
  readonly key: Key;
  readonly row: JsonObject;
  readonly json: string;
}

/** What brings a topic from the rows that it holds to others. */
interface Change {
  /** Whether it has to begin anew: a topic keeps the places of its rows, and puts new ones behind them. */
  readonly anew: boolean;
  readonly gone: readonly Key[];
  readonly changed: readonly KeyedRow[];
}

/**
 * Brings a topic of kind `table` to the given rows, in their order, by publishing only what differs from what it was
 * told before; everything anew when that alone gives the order.
 *
 * It remembers each publication when the hub has taken it, so that one which failed is made again by the next `update`.
 * The first publication replaces whatever the topic held, since that may be of an earlier process.
 */
export class PublishedTable {
  readonly #options: PublishedTableOptions;
  /** The JSON text of each row that the topic holds, in its order; undefined before the first publication. */
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
  async update(sink: Pick<Sink, 'publish'>, rows: readonly JsonObject[], signal: AbortSignal): Promise<number> {
    const change = await this.#changeTo(rows);
    return (await this.#remove(sink, change, signal)) + (await this.#upsert(sink, change, signal));
  }

  async #changeTo(rows: readonly JsonObject[]): Promise<Change> {
    const turns = new Turns(this.#options.clock);
    const next = new Map<string, KeyedRow>();
    for (const row of rows) {
      const key = row[this.#options.keyField] as Key;
      const name = String(key);
      next.set(name, { name, key, row, json: JSON.stringify(row) });
      await turns.step();
    }
    const held = this.#held;
    if (!held) return { anew: true, gone: [], changed: [...next.values()] };

    const gone: Key[] = [];
    const order = next.keys();
    let anew = false;
    for (const [name, { key }] of held) {
      if (!next.has(name)) gone.push(key);
      else if (order.next().value !== name) anew = true;
      await turns.step();
    }
    if (anew) return { anew, gone: [], changed: [...next.values()] };

    const changed: KeyedRow[] = [];
    for (const row of next.values()) {
      if (held.get(row.name)?.json !== row.json) changed.push(row);
      await turns.step();
    }
    return { anew, gone, changed };
  }

  async #remove(sink: Pick<Sink, 'publish'>, { gone }: Change, signal: AbortSignal): Promise<number> {
    const { topic, pieceBytes } = this.#options;
    let published = 0;
    for (const keys of pieces(gone, (key) => JSON.stringify(key), pieceBytes)) {
      if (signal.aborted) return published;
      await sink.publish(topic, 'remove', keys);
      for (const key of keys) this.#held?.delete(String(key));
      published += 1;
    }
    return published;
  }

  async #upsert(sink: Pick<Sink, 'publish'>, { anew, changed }: Change, signal: AbortSignal): Promise<number> {
    const { topic, pieceBytes } = this.#options;
    // Even no rows at all replace what the topic held.
    const runs = anew && changed.length === 0 ? [[]] : pieces(changed, ({ json }) => json, pieceBytes);
    let published = 0;
    for (const run of runs) {
      if (signal.aborted) return published;
      const replaces = anew && published === 0;
      const data = run.map(({ row }) => row);
      await sink.publish(topic, replaces ? 'replace' : 'upsert', data);
      if (replaces || !this.#held) this.#held = new Map();
      for (const { name, key, json } of run) this.#held.set(name, { key, json });
      published += 1;
    }
    return published;
  }
}
