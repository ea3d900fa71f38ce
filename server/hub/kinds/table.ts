import { isJsonObject, type JsonObject, type JsonValue, Ring } from '@tidewall/base';
import type { Publication } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { describe, type Kind, type KindContext, kept, refuseShape } from './kind.ts';

/** Rows a table may hold; a publication that would go over is refused. */
export const MAX_TABLE_ROWS = 100_000;

type Key = string | number;

/** Rows by key, in the order in which their keys first came. 1 and "1" are the same key. */
export function createTable({ log, keyField }: KindContext): Kind {
  const rows = new Map<string, string>();
  // For each publication in the log the keys that it touched; 'all' for a replace.
  const touched = new Ring<readonly Key[] | 'all'>(log.first);
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

  function refuseTooMany(list: readonly JsonObject[], replaces: boolean): void {
    const fresh = new Set<string>();
    for (const row of list) {
      const key = String(row[keyField]);
      if (replaces || !rows.has(key)) fresh.add(key);
    }
    const count = (replaces ? 0 : rows.size) + fresh.size;
    if (count > MAX_TABLE_ROWS) {
      throw new TidewallError(
        'limit_exceeded',
        `the table would have ${count} rows, at most ${MAX_TABLE_ROWS} are kept`,
      );
    }
  }

  function put(list: readonly JsonObject[]): Key[] {
    return list.map((row) => {
      const key = row[keyField] as Key;
      rows.set(String(key), JSON.stringify(row));
      return key;
    });
  }

  function takeIn({ op, json }: Publication): readonly Key[] | 'all' {
    const data = JSON.parse(json) as JsonValue[];
    if (op === 'remove') {
      for (const key of data as Key[]) rows.delete(String(key));
      return data as Key[];
    }
    if (op === 'replace') rows.clear();
    const keys = put(data as JsonObject[]);
    return op === 'replace' ? 'all' : keys;
  }

  return {
    empty: '[]',
    startsWith: 'snapshot',
    keeps: true,
    admit(op, data) {
      if (op === 'remove') return { json: JSON.stringify(admitKeys(data)), weight: 1 };
      const list = admitRows(data);
      refuseTooMany(list, op === 'replace');
      return { json: JSON.stringify(list), weight: 1 };
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
      const keys = new Map<string, Key>();
      for (let offset = from + 1; offset <= log.head; offset++) {
        const some = touched.at(offset);
        if (some === undefined || some === 'all') {
          return [{ type: 'value', ...head, json: snapshot() ?? '[]', reset: true }];
        }
        for (const key of some) keys.set(String(key), key);
      }
      const upserts: string[] = [];
      const removals: Key[] = [];
      for (const [name, key] of keys) {
        const row = rows.get(name);
        if (row === undefined) removals.push(key);
        else upserts.push(row);
      }
      return [{ type: 'rows', ...head, upserts: `[${upserts.join(',')}]`, removals: JSON.stringify(removals) }];
    },
  };
}
