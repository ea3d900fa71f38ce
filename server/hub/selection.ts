import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import type { Permission, SubscribeRequest } from '@tidewall/contracts';
import { compileFilter, type FilterTest } from '@tidewall/protocol';

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
 *
 * @param always the member that is shown whatever the fields are
 */
export function selectionOf(
  { filter, fields }: Pick<SubscribeRequest, 'filter' | 'fields'>,
  permission: Permission,
  always?: string,
): Selection | undefined {
  const filters = [permission.filter, filter].filter((one) => one !== undefined);
  const shown = bothFields(permission.fields, fields);
  if (filters.length === 0 && shown === undefined) return undefined;
  const may = permission.filter && compileFilter(permission.filter);
  const wants = filter && seenBy(compileFilter(filter), permission.fields, always);
  const seen = filter && permission.fields && [...permission.fields].sort();
  return {
    key: JSON.stringify([filters, shown ?? null, seen ?? null]),
    passesAll: filters.length === 0,
    passes: (value) => (may === undefined || may(value)) && (wants === undefined || wants(value)),
    fields: shown && new Set(shown),
    pick: (value) => (shown === undefined || !isJsonObject(value) ? value : pickMembers(value, shown)),
  };
}

/** For who may see only some members, the others are not there: a filter that tells of them would tell what they are. */
function seenBy(test: FilterTest, fields: readonly string[] | undefined, always: string | undefined): FilterTest {
  if (fields === undefined) return test;
  const seen = always === undefined ? fields : [...fields, always];
  return (value) => test(isJsonObject(value) ? pickMembers(value, seen) : value);
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
