import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Fold } from './fold.ts';

/**
 * Rows by key, in the order in which their keys first came; 1 and "1" are the same key, as in the hub. How many there
 * are is the hub's limit.
 */
export function createTableFold(keyField: string): Fold {
  const rows = new Map<string, JsonObject>();
  // A list is made once for each change that is looked at, and not for those in between.
  let list: JsonValue[] | undefined;

  function keyOf(row: JsonValue): string | undefined {
    const key = isJsonObject(row) && Object.hasOwn(row, keyField) ? row[keyField] : undefined;
    return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
  }

  function keyed(candidates: unknown): Map<string, JsonObject> | undefined {
    if (!Array.isArray(candidates)) return undefined;
    const found = new Map<string, JsonObject>();
    for (const row of candidates as JsonValue[]) {
      const key = keyOf(row);
      if (key === undefined) return undefined;
      found.set(key, row as JsonObject);
    }
    return found;
  }

  return {
    apply({ d, u = [], x = [] }) {
      const upserts = keyed(d === undefined ? u : d);
      if (upserts === undefined || !Array.isArray(x)) return false;
      if (d !== undefined) rows.clear();
      for (const key of x) rows.delete(String(key));
      for (const [key, row] of upserts) rows.set(key, row);
      list = undefined;
      return true;
    },
    value() {
      list ??= [...rows.values()];
      return list;
    },
    clear() {
      rows.clear();
      list = undefined;
    },
    keep() {},
  };
}
