import { isJsonObject, type JsonObject, type JsonValue, Ring } from '@tidewall/base';
import type { Publication } from '@tidewall/contracts';
import { describe, type Kind, type KindContext, kept, refuseOver, refuseShape } from './kind.ts';

type Key = string | number;

/** What one publication touched. */
type Touch = { readonly op: 'upsert' | 'remove'; readonly keys: readonly Key[] } | { readonly op: 'replace' };

/** Rows by key, in the order in which their keys first came. 1 and "1" are the same key. */
export function createTable({ log, keyField, limits }: KindContext): Kind {
  const rows = new Map<string, string>();
  /** Length of all rows' JSON. */
  let size = 0;
  // One for each publication in the log.
  const touched = new Ring<Touch>(log.first);
  let cached: string | undefined;

  function snapshot(): string | undefined {
    if (log.head === 0) return undefined;
    cached ??= `[${[...rows.values()].join(',')}]`;
    return cached;
  }

  function keyOf(row: JsonObject, path: string): Key {
    const key = Object.hasOwn(row, keyField) ? row[keyField] : undefined;
    if (typeof key === 'string' || typeof key === 'number') return key;
    return refuseShape({
      path: `${path}.${keyField}`,
      expected: 'a string or a number that identifies the row',
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
      if (typeof key === 'string' || typeof key === 'number') return key;
      return refuseShape({ path: `[${index}]`, expected: 'the key of a row', got: describe(key), example: ['a'] });
    });
  }

  /** The text of each row, once it is sure that there is room for them. */
  function admitTexts(list: readonly JsonObject[], replaces: boolean): string[] {
    const texts = list.map((row) => JSON.stringify(row));
    const fresh = new Map(list.map((row, index) => [String(row[keyField]), (texts[index] as string).length]));
    let [count, length] = replaces ? [0, 0] : [rows.size, size];
    for (const [key, more] of fresh) {
      const before = replaces ? undefined : rows.get(key);
      length += more - (before?.length ?? 0);
      if (before === undefined) count++;
    }
    if (count > limits.tableRows) refuseOver('tableRows', `the table would have ${count} rows`, limits);
    if (length > limits.tableBytes) refuseOver('tableBytes', `the table would have ${length} bytes`, limits);
    return texts;
  }

  function put(list: readonly JsonObject[]): Key[] {
    return list.map((row) => {
      const key = row[keyField] as Key;
      const text = JSON.stringify(row);
      size += text.length - (rows.get(String(key))?.length ?? 0);
      rows.set(String(key), text);
      return key;
    });
  }

  function takeIn({ op, json }: Publication): Touch {
    const data = JSON.parse(json) as JsonValue[];
    if (op === 'remove') {
      for (const key of data as Key[]) {
        size -= rows.get(String(key))?.length ?? 0;
        rows.delete(String(key));
      }
      return { op, keys: data as Key[] };
    }
    if (op === 'replace') {
      rows.clear();
      size = 0;
    }
    const keys = put(data as JsonObject[]);
    return op === 'replace' ? { op } : { op: 'upsert', keys };
  }

  return {
    empty: '[]',
    startsWith: 'snapshot',
    keeps: true,
    admit(op, data) {
      if (op === 'remove') return { json: JSON.stringify(admitKeys(data)), weight: 1 };
      return { json: `[${admitTexts(admitRows(data), op === 'replace').join(',')}]`, weight: 1 };
    },
    apply(publication) {
      cached = undefined;
      touched.push(takeIn(publication));
      while (touched.first < log.first) touched.shift();
    },
    snapshot,
    changes(from) {
      const newest = kept(log, log.head);
      const head = { offset: log.head, at: newest.at, n: log.head - from };
      if (head.n === 1 && newest.op !== 'replace') {
        const upserts = newest.op === 'upsert' ? newest.json : '[]';
        return [{ type: 'rows', ...head, upserts, removals: newest.op === 'remove' ? newest.json : '[]' }];
      }
      // In the order in which a receiver that first drops the removals and then sets the upserts gets its rows.
      const keys = new Map<string, Key>();
      const gone = new Set<string>();
      const removals = new Map<string, Key>();
      for (let offset = from + 1; offset <= log.head; offset++) {
        const touch = touched.at(offset);
        if (touch === undefined || touch.op === 'replace') {
          return [{ type: 'value', ...head, json: snapshot() ?? '[]', reset: true }];
        }
        for (const key of touch.keys) {
          const name = String(key);
          if (touch.op === 'remove') {
            gone.add(name);
            removals.set(name, key);
          } else if (gone.delete(name)) keys.delete(name);
          keys.set(name, key);
        }
      }
      const upserts = [...keys.keys()].flatMap((name) => rows.get(name) ?? []);
      return [
        { type: 'rows', ...head, upserts: `[${upserts.join(',')}]`, removals: JSON.stringify([...removals.values()]) },
      ];
    },
  };
}
