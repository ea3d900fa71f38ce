import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import type { Permission, SubscribeRequest } from '@tidewall/contracts';
import { compileFilter, type Filter, type FilterTest } from '@tidewall/protocol';

/** Which rows, entries or values a view shows, and which of their members. */
export interface Selection {
  /** Equal selections have equal keys. */
  readonly key: string;
  readonly passes: FilterTest;
  /** There is no filter. */
  readonly passesAll: boolean;
  /** The members that are shown; undefined: all. */
  readonly fields: ReadonlySet<string> | undefined;
  /** What is shown of a value that passes. What is no object has no members to choose from, and stays as it is. */
  pick(value: JsonValue): JsonValue;
}

/**
 * What a subscriber asked for, and only as much of it as it may see: filters are joined by *and*, fields are those that
 * are in both. Undefined when that is everything.
 */
export function selectionOf(
  { filter, fields }: Pick<SubscribeRequest, 'filter' | 'fields'>,
  permission: Permission,
): Selection | undefined {
  const filters = [permission.filter, filter].filter((one): one is Filter => one !== undefined);
  const shown = bothFields(permission.fields, fields);
  if (filters.length === 0 && shown === undefined) return undefined;
  const joined: Filter = filters.length === 1 ? (filters[0] as Filter) : ['and', ...filters];
  return {
    key: JSON.stringify([filters.length === 0 ? null : joined, shown ?? null]),
    passesAll: filters.length === 0,
    passes: filters.length === 0 ? () => true : compileFilter(joined),
    fields: shown && new Set(shown),
    pick: (value) => (shown === undefined || !isJsonObject(value) ? value : pickMembers(value, shown)),
  };
}

/** The members by those names that the object has. */
export function pickMembers(value: JsonObject, names: Iterable<string>): JsonObject {
  const picked: JsonObject = {};
  for (const name of names) if (Object.hasOwn(value, name)) setOwn(picked, name, value[name]);
  return picked;
}

function bothFields(a: readonly string[] | undefined, b: readonly string[] | undefined): string[] | undefined {
  if (a === undefined && b === undefined) return undefined;
  if (a === undefined || b === undefined) return [...new Set(a ?? b)].sort();
  return [...new Set(a)].filter((name) => b.includes(name)).sort();
}
