import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';

import type { Transform } from './schema.ts';

/**
 * Data through a pipeline, each step on what the one before made; the input is not changed.
 *
 * A step works on a list of rows, on one row, and `map` also on columns (it picks and renames them). A step that means
 * nothing for what it gets (sorting a number) hands it on unchanged.
 */
export function applyTransforms(data: JsonValue, transforms: readonly Transform[]): JsonValue {
  return transforms.reduce<JsonValue>(applyTransform, data);
}

function applyTransform(data: JsonValue, transform: Transform): JsonValue {
  switch (transform.type) {
    case 'map':
      return Array.isArray(data) ? data.map((row) => mapRow(row, transform.fields)) : mapRow(data, transform.fields);
    case 'sort':
      return Array.isArray(data) ? sortRows(data, transform.by, transform.descending ?? false) : data;
    case 'limit':
      if (!Array.isArray(data)) return data;
      if (transform.from === 'end') return transform.count === 0 ? [] : data.slice(-transform.count);
      return data.slice(0, transform.count);
  }
}

function mapRow(
  row: JsonValue,
  fields: { readonly [name: string]: string | { readonly value: JsonValue } },
): JsonValue {
  const result: JsonObject = {};
  for (const name of Object.keys(fields)) {
    const field = fields[name] as string | { readonly value: JsonValue };
    const value = typeof field === 'string' ? valueAt(row, field) : field.value;
    if (value !== undefined) setOwn(result, name, value);
  }
  return result;
}

/** The value at a path of own members: `disk.0.used`; the empty path is the value itself. */
export function valueAt(value: JsonValue, path: string): JsonValue | undefined {
  if (path === '') return value;
  let at: JsonValue | undefined = value;
  for (const name of path.split('.')) {
    // Number('') is 0 and Number('1e0') is 1: only plain digits number an item.
    if (Array.isArray(at)) at = /^\d+$/.test(name) ? at[Number(name)] : undefined;
    else if (isJsonObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

/**
 * Numbers by size, then everything else by the UTF-16 code units of its text; rows without the field last in both
 * directions; equal rows keep their order.
 */
function sortRows(rows: JsonValue[], by: string, descending: boolean): JsonValue[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: valueAt(row, by) ?? null }))
    .sort((a, b) => {
      if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
      return sign * compareKeys(a.key, b.key);
    })
    .map(({ row }) => row);
}

function compareKeys(a: JsonValue, b: JsonValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // A number beside text must not be compared as text: 2 < 10 < "1x" < "2" would be a circle, and sorting by it chance.
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  const [left, right] = [textOf(a), textOf(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
