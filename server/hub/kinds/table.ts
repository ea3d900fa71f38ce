import { isJsonObject, type JsonObject, type JsonValue, Ring } from '@tidewall/base';
import type { Publication } from '@tidewall/contracts';
import type { Selection } from '../selection.ts';
import {
  type Change,
  describe,
  type Kind,
  type KindContext,
  kept,
  type Projection,
  refuseOver,
  refuseShape,
  type Shape,
} from './kind.ts';
import { createParseMemo } from './parse-memo.ts';

type Key = string | number;

/** Rows as they come in: the key and the text of each. */
interface Rows {
  readonly keys: readonly Key[];
  readonly texts: readonly string[];
}

/** What one publication touched. */
interface Touch {
  /** Every row that was there before is void. */
  readonly voids: boolean;
  /** Keys of rows that are gone, and of rows that were set, in order. */
  readonly removed: readonly Key[];
  readonly set: readonly Key[];
  /** Those of these rows that were there before, as they were; undefined when that is not known. */
  readonly before: ReadonlyMap<string, string> | undefined;
  /** The same for those who know what was before: rows that stayed as they were are left out. */
  readonly difference: { readonly removed: readonly Key[]; readonly set: readonly Key[] } | undefined;
}

/** Rows by key, in the order in which their keys first came. 1 and "1" are the same key. */
export function createTable({ log, keyField, limits }: KindContext): Kind {
  const parse = createParseMemo();
  let rows = new Map<string, string>();
  /** Length of all rows' JSON. */
  let size = 0;
  // One for each publication in the log.
  const touched = new Ring<Touch>(log.first);
  /** The rows that were admitted last, until they are applied: neither parsed nor written again. */
  let admitted: (Rows & { readonly json: string }) | undefined;
  let cached: string | undefined;

  function snapshot(): string | undefined {
    if (log.head === 0) return undefined;
    cached ??= `[${[...rows.values()].join(',')}]`;
    return cached;
  }

  function keyOf(row: JsonObject, path: string): Key {
    const key = Object.hasOwn(row, keyField) ? row[keyField] : undefined;
    if (isKey(key)) return key;
    return refuseShape({
      path: `${path}.${keyField}`,
      expected: 'a string or a number below 2^53 that identifies the row',
      got: describe(key),
      example: [{ [keyField]: 'a', value: 1 }],
    });
  }

  function admitRows(data: JsonValue): JsonObject[] {
    const list = Array.isArray(data) ? data : [data];
    list.forEach((row, index) => {
      const path = Array.isArray(data) ? `[${index}]` : '';
      if (!isJsonObject(row)) {
        refuseShape({
          path,
          expected: 'a row (an object)',
          got: describe(row),
          example: [{ [keyField]: 'a', value: 1 }],
        });
      }
      keyOf(row as JsonObject, path);
    });
    return list as JsonObject[];
  }

  function admitKeys(data: JsonValue): Key[] {
    const list = Array.isArray(data) ? data : [data];
    return list.map((key, index) => {
      if (isJsonObject(key)) return keyOf(key, `[${index}]`);
      if (isKey(key)) return key;
      return refuseShape({ path: `[${index}]`, expected: 'the key of a row', got: describe(key), example: ['a'] });
    });
  }

  function rowsOf(list: readonly JsonObject[]): Rows {
    return { keys: list.map((row) => row[keyField] as Key), texts: list.map((row) => JSON.stringify(row)) };
  }

  /** The rows, once it is sure that there is room for them. */
  function withRoom(rowsToBe: Rows, replaces: boolean): Rows {
    const fresh = new Map<string, number>();
    rowsToBe.keys.forEach((key, index) => {
      fresh.set(String(key), (rowsToBe.texts[index] as string).length);
    });
    let [count, length] = replaces ? [0, 0] : [rows.size, size];
    for (const [key, more] of fresh) {
      const before = replaces ? undefined : rows.get(key);
      length += more - (before?.length ?? 0);
      if (before === undefined) count++;
    }
    if (count > limits.tableRows) refuseOver('tableRows', `the table would have ${count} rows`, limits);
    if (length > limits.tableBytes) refuseOver('tableBytes', `the table would have ${length} bytes`, limits);
    return rowsToBe;
  }

  function upsert({ keys, texts }: Rows): Touch {
    const changed: Key[] = [];
    const before = new Map<string, string>();
    const fresh = new Set<string>();
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as Key;
      const name = String(key);
      const text = texts[i] as string;
      const was = rows.get(name);
      if (text !== was) changed.push(key);
      if (was === undefined) fresh.add(name);
      else if (!before.has(name) && !fresh.has(name)) before.set(name, was);
      size += text.length - (was?.length ?? 0);
      rows.set(name, text);
    }
    return { voids: false, removed: [], set: keys, before, difference: { removed: [], set: changed } };
  }

  function remove(keys: readonly Key[]): Touch {
    const gone: Key[] = [];
    const before = new Map<string, string>();
    for (const key of keys) {
      const name = String(key);
      const was = rows.get(name);
      if (was === undefined) continue;
      gone.push(key);
      before.set(name, was);
      size -= was.length;
      rows.delete(name);
    }
    return { voids: false, removed: keys, set: [], before, difference: { removed: gone, set: [] } };
  }

  function replace(all: Rows): Touch {
    const before = rows;
    rows = new Map();
    size = 0;
    const { set } = upsert(all);
    return { voids: true, removed: [], set, before, difference: differenceOf(before, set) };
  }

  /** What takes rows to the rows of now; undefined when that cannot keep them in order. */
  function differenceOf(before: ReadonlyMap<string, string>, set: readonly Key[]): Touch['difference'] {
    const removed = [...before.keys()].filter((name) => !rows.has(name));
    const stayed = [...before.keys()].filter((name) => rows.has(name));
    let place = 0;
    for (const name of rows.keys()) {
      // Rows that stay come first and in their old order, since new ones are put behind them.
      if (place < stayed.length && name !== stayed[place]) return undefined;
      place++;
    }
    return { removed, set: set.filter((key) => rows.get(String(key)) !== before.get(String(key))) };
  }

  function touch({ op, json }: Publication): Touch {
    if (op === 'remove') return remove(JSON.parse(json) as Key[]);
    const set = admitted?.json === json ? admitted : rowsOf(JSON.parse(json) as JsonObject[]);
    admitted = undefined;
    return op === 'replace' ? replace(set) : upsert(set);
  }

  function note(one: Touch): void {
    touched.push(one);
    while (touched.first < log.first) touched.shift();
  }

  /** The rows that are shown, of those. */
  function textsOf(names: Iterable<string>, { selection }: Shape): string[] {
    const texts: string[] = [];
    for (const name of names) {
      const shown = shownText(rows.get(name), selection);
      if (shown !== undefined) texts.push(shown);
    }
    return texts;
  }

  function shownText(text: string | undefined, selection: Selection | undefined): string | undefined {
    return text === undefined || selection === undefined ? text : shownRow(parse(text) as JsonObject, selection);
  }

  function shownRow(row: JsonObject, selection: Selection): string | undefined {
    return selection.passes(row) ? JSON.stringify(withKey(selection.pick(row) as JsonObject, row)) : undefined;
  }

  /** Rows without their key could not be told apart. */
  function withKey(picked: JsonObject, row: JsonObject): JsonObject {
    return Object.hasOwn(picked, keyField) ? picked : { [keyField]: row[keyField] as Key, ...picked };
  }

  function shown(shape: Shape): string | undefined {
    if (shape.selection === undefined || log.head === 0) return snapshot();
    return `[${textsOf(rows.keys(), shape).join(',')}]`;
  }

  function changes(from: number, shape: Shape): Change[] {
    const newest = kept(log, log.head);
    const head = { offset: log.head, at: newest.at, n: log.head - from };
    const { selection, delta } = shape;
    if (head.n === 1 && newest.op !== 'replace' && selection === undefined && !delta) {
      const upserts = newest.op === 'upsert' ? newest.json : '[]';
      return [{ type: 'rows', ...head, upserts, removals: newest.op === 'remove' ? newest.json : '[]' }];
    }
    // In the order in which a receiver that first drops the removals and then sets the upserts gets its rows.
    const keys = new Map<string, Key>();
    const gone = new Set<string>();
    const removals = new Map<string, Key>();
    /** Rows as they were at `from`; of use where not all are shown. */
    const before = new Map<string, string | undefined>();
    for (let offset = from + 1; offset <= log.head; offset++) {
      const one = touched.at(offset);
      const told = delta ? one?.difference : one?.voids === true ? undefined : one;
      if (told === undefined || (selection !== undefined && one?.before === undefined)) {
        return [{ type: 'value', ...head, json: shown(shape) ?? '[]', reset: true }];
      }
      if (selection !== undefined) {
        for (const key of [...told.removed, ...told.set]) {
          const name = String(key);
          if (!before.has(name)) before.set(name, one?.before?.get(name));
        }
      }
      for (const key of told.removed) {
        const name = String(key);
        gone.add(name);
        removals.set(name, key);
        keys.set(name, key);
      }
      for (const key of told.set) {
        const name = String(key);
        if (gone.delete(name)) keys.delete(name);
        keys.set(name, key);
      }
    }
    if (selection !== undefined) {
      for (const [name, key] of [...keys]) {
        const was = shownText(before.get(name), selection);
        const is = shownText(rows.get(name), selection);
        // Of a row that was not shown, nobody is told that it is gone: its key would be.
        if (was === undefined) removals.delete(name);
        else if (is === undefined) removals.set(name, key);
        else if (delta && is === was && !removals.has(name)) keys.delete(name);
      }
    }
    const upserts = textsOf(keys.keys(), shape);
    if (upserts.length === 0 && removals.size === 0 && (delta || selection !== undefined)) return [];
    return [
      { type: 'rows', ...head, upserts: `[${upserts.join(',')}]`, removals: JSON.stringify([...removals.values()]) },
    ];
  }

  const plain: Shape = { selection: undefined, delta: false };
  return {
    empty: '[]',
    startsWith: 'snapshot',
    keeps: true,
    admit(op, data) {
      if (op === 'remove') return { json: JSON.stringify(admitKeys(data)), weight: 1 };
      const { keys, texts } = withRoom(rowsOf(admitRows(data)), op === 'replace');
      const json = `[${texts.join(',')}]`;
      admitted = { json, keys, texts };
      return { json, weight: 1 };
    },
    apply(publication) {
      cached = undefined;
      note(touch(publication));
    },
    base: snapshot,
    load(json) {
      cached = undefined;
      replace(rowsOf(JSON.parse(json) as JsonObject[]));
    },
    recall({ op, json }) {
      const data = JSON.parse(json) as JsonValue[];
      if (op === 'remove')
        note({ voids: false, removed: data as Key[], set: [], before: undefined, difference: undefined });
      else {
        const set = (data as JsonObject[]).map((row) => row[keyField] as Key);
        note({ voids: op === 'replace', removed: [], set, before: undefined, difference: undefined });
      }
    },
    shownOf({ op, json, offset }, selection) {
      if (op === 'remove') {
        if (selection.passesAll) return json;
        const { removed = [], before } = touched.at(offset) ?? {};
        const keys = removed.filter((key) => shownText(before?.get(String(key)), selection) !== undefined);
        return keys.length === 0 ? undefined : JSON.stringify(keys);
      }
      const texts = (JSON.parse(json) as JsonObject[]).flatMap((row) => shownRow(row, selection) ?? []);
      return texts.length === 0 && op === 'upsert' ? undefined : `[${texts.join(',')}]`;
    },
    snapshot,
    changes: (from) => changes(from, plain),
    project(shape): Projection {
      if (shape.selection === undefined && !shape.delta) return this;
      return { snapshot: () => shown(shape), changes: (from) => changes(from, shape) };
    },
  };
}

/** Whole numbers beyond 2^53 come as their neighbours: keys that differ would be one. */
function isKey(value: JsonValue | undefined): value is Key {
  return typeof value === 'string' || (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}
