import { applyMergePatch, isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { PushFrame, TopicKind } from '@tidewall/protocol';

/** What a reader of the wire holds of one topic, done by the words of the rules and nothing else. */
export class Held {
  readonly kind: TopicKind;
  readonly #keyField: string;
  #value: JsonValue | undefined;
  readonly #rows = new Map<string, JsonObject>();
  #entries: JsonValue[] = [];
  #points = new Map<string, JsonValue[]>();

  constructor(kind: TopicKind, keyField = 'id') {
    this.kind = kind;
    this.#keyField = keyField;
  }

  /** All that is held, as one value that can be compared. */
  get all(): unknown {
    if (this.kind === 'state') return this.#value;
    if (this.kind === 'table') return [...this.#rows.values()];
    if (this.kind === 'series') return [...this.#points].sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#entries;
  }

  apply(push: PushFrame): void {
    const { d, m, u = [], x = [], r } = push;
    if (m !== undefined) this.#value = applyMergePatch(this.#value, m);
    for (const key of x) this.#rows.delete(String(key));
    for (const row of u) this.#setRow(row);
    if (d !== undefined) this.#take(d, r === 1);
  }

  #take(data: JsonValue, reset: boolean): void {
    if (this.kind === 'state') this.#value = data;
    else if (this.kind === 'table') {
      this.#rows.clear();
      for (const row of data as JsonObject[]) this.#setRow(row);
    } else if (this.kind === 'series') this.#append(data as Record<string, JsonValue[]>, reset);
    else this.#entries = reset ? (data as JsonValue[]) : [...this.#entries, data];
  }

  #setRow(row: JsonObject): void {
    this.#rows.set(String(row[this.#keyField]), row);
  }

  #append(columns: Record<string, JsonValue[]>, reset: boolean): void {
    if (reset) this.#points = new Map();
    const before = this.#points.get('t')?.length ?? 0;
    const more = Object.hasOwn(columns, 't') ? (columns['t']?.length ?? 0) : 0;
    for (const name of Object.keys(columns)) {
      if (!this.#points.has(name)) this.#points.set(name, new Array(before).fill(null));
    }
    for (const [name, column] of this.#points) {
      column.push(...(Object.hasOwn(columns, name) ? (columns[name] ?? []) : new Array(more).fill(null)));
    }
  }
}

/** The deepest nesting of a value; 0 for what is no list and no object. */
export function depthOf(value: JsonValue): number {
  if (Array.isArray(value)) return 1 + Math.max(0, ...value.map(depthOf));
  return isJsonObject(value) ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
}
