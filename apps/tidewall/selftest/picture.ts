import { applyMergePatch, type JsonObject, type JsonValue } from '@tidewall/base';
import type { PushFrame, TopicKind } from '@tidewall/protocol';

type Columns = Record<string, (number | null)[]>;

/** What pushes add up to, by the rules of the wire and nothing else. */
export class Picture {
  readonly #kind: TopicKind;
  readonly #keyField: string;
  #value: JsonValue = null;
  #rows = new Map<string, JsonObject>();
  #columns: Columns = { t: [] };
  /** Of a `log`, every entry that came. */
  readonly entries: JsonValue[] = [];

  constructor(kind: TopicKind, keyField = 'id') {
    this.#kind = kind;
    this.#keyField = keyField;
  }

  take(push: PushFrame): void {
    const { d, m, u, x, r } = push;
    switch (this.#kind) {
      case 'state':
        if (m !== undefined) this.#value = applyMergePatch(this.#value, m);
        else if (d !== undefined) this.#value = d;
        return;
      case 'table':
        if (d !== undefined) this.#rows.clear();
        for (const key of x ?? []) this.#rows.delete(String(key));
        for (const row of (d ?? u ?? []) as JsonObject[]) this.#rows.set(String(row[this.#keyField]), row);
        return;
      case 'series':
        if (d !== undefined) this.#append(d as unknown as Columns, r === 1);
        return;
      default:
        if (d !== undefined) this.entries.push(...(r === 1 ? (d as JsonValue[]) : [d]));
    }
  }

  /** As `GET /api/topics/<topic>` answers it. */
  get value(): JsonValue {
    if (this.#kind === 'table') return [...this.#rows.values()];
    if (this.#kind === 'series') return this.#columns;
    return this.#kind === 'state' ? this.#value : this.entries;
  }

  #append(more: Columns, anew: boolean): void {
    if (anew) this.#columns = { t: [] };
    const before = this.#columns['t']?.length ?? 0;
    const added = more['t']?.length ?? 0;
    for (const name of new Set([...Object.keys(this.#columns), ...Object.keys(more)])) {
      const column = this.#columns[name] ?? new Array<null>(before).fill(null);
      column.push(...(more[name] ?? new Array<null>(added).fill(null)));
      this.#columns[name] = column;
    }
  }
}
