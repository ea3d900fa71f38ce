import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Replica } from '@tidewall/client/replica';
import {
  differsInThePast,
  KeyedRows,
  type KnownPoints,
  type PageRequest,
  pointOfRow,
  ROW_NUMBER_FIELD,
  rowsOf,
  rowsOfSeries,
} from '@tidewall/request';

export interface AskedResultOptions {
  serverNow(): number;
  refused(reason: string): void;
}

/** Brings what a page holds of a topic to what the answers say, as the server brings its own topics to them. */
export class AskedResult {
  readonly keyField: string;
  readonly #kind: PageRequest['topicKind'];
  readonly #replica: Replica;
  readonly #options: AskedResultOptions;
  /** JSON: of a `state` or `table` all of it, of a `log` the rows of the last answer. */
  #text: string | undefined;
  #entries: ReadonlySet<string> | undefined;
  #points: KnownPoints | undefined;

  constructor({ topicKind, keyField = ROW_NUMBER_FIELD }: PageRequest, replica: Replica, options: AskedResultOptions) {
    this.#kind = topicKind;
    this.keyField = keyField;
    this.#replica = replica;
    this.#options = options;
  }

  /**
   * Takes all that there is now; what does not differ changes nothing.
   *
   * @throws TidewallError source_error when none of the rows of a table has a key
   */
  take(data: JsonValue): void {
    switch (this.#kind) {
      case 'signal':
        this.#apply(data, false);
        return;
      case 'state':
        this.#takeWhole(data);
        return;
      case 'table':
        this.#takeWhole(this.#rowsOf(data));
        return;
      case 'log':
        this.#takeEntries(rowsOf(data));
        return;
      case 'series':
        this.#takePoints(data);
    }
  }

  #apply(d: JsonValue, reset: boolean): void {
    const now = this.#options.serverNow();
    this.#replica.apply({ t: 0, d, at: now }, reset, now);
  }

  #takeWhole(value: JsonValue): void {
    const text = JSON.stringify(value);
    if (text === this.#text) return;
    this.#text = text;
    this.#apply(value, true);
  }

  #rowsOf(data: JsonValue): JsonObject[] {
    const rows = new KeyedRows(this.keyField, (index) => `row ${index + 1}`);
    for (const [index, row] of rowsOf(data).entries()) {
      const fault = rows.take(row, index);
      if (fault !== undefined) this.#options.refused(fault);
    }
    rows.end();
    return rows.rows;
  }

  #takeEntries(rows: readonly JsonValue[]): void {
    const known = this.#entries;
    const fresh = new Map(rows.map((row) => [JSON.stringify(row), row]));
    this.#entries = new Set(fresh.keys());
    if (known === undefined) this.#apply([...fresh.values()], true);
    else for (const [text, row] of fresh) if (!known.has(text)) this.#apply(row, false);
  }

  #takePoints(data: JsonValue): void {
    const rows = rowsOfSeries(data);
    const points = new Map<number, JsonObject>();
    for (const [index, row] of rows.entries()) {
      const point = pointOfRow(row, rows.length === 1 ? this.#options.serverNow() : undefined);
      if (typeof point === 'string') this.#options.refused(`row ${index + 1} ${point}`);
      else points.set(point['t'] as number, point);
    }
    const times = [...points.keys()].sort((a, b) => a - b);
    const last = times.at(-1);
    // An answer of nothing says nothing of what was before.
    if (last === undefined) return;
    const texts = new Map(times.map((t) => [t, JSON.stringify(points.get(t))]));
    const known = this.#points;
    const anew = known === undefined || differsInThePast(known, texts);
    const fresh = anew ? times : times.filter((t) => t > known.last);
    this.#points = { points: texts, last };
    if (fresh.length > 0) this.#apply(columnsOf(fresh.map((t) => points.get(t) as JsonObject)), anew);
  }
}

function columnsOf(points: readonly JsonObject[]): JsonObject {
  const names = new Set(points.flatMap((point) => Object.keys(point)));
  return Object.fromEntries([...names].map((name) => [name, points.map((point) => point[name] ?? null)]));
}
