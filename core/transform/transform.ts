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
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isJsonObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

/** Numbers by size, text by code points, rows without the field last in both directions; equal rows keep their order. */
function sortRows(rows: JsonValue[], by: string, descending: boolean): JsonValue[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: valueAt(row, by) }))
    .sort((a, b) => {
      if (a.key === undefined || a.key === null) return b.key === undefined || b.key === null ? 0 : 1;
      if (b.key === undefined || b.key === null) return -1;
      if (typeof a.key === 'number' && typeof b.key === 'number') return sign * (a.key - b.key);
      const [left, right] = [String(a.key), String(b.key)];
      return left === right ? 0 : left < right ? -sign : sign;
    })
    .map(({ row }) => row);
}
