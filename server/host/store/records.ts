import type { JsonValue } from '@tidewall/base';
import type { RecordChange, Store } from '@tidewall/contracts';
import type { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { ConfigError } from '../startup-errors.ts';

/** What to do about a record that cannot be used. */
const CURE = 'put back a backup with "tidewall restore"';

/**
 * Everything of a collection, as its schema reads it.
 *
 * @param secrets members whose value no message repeats
 * @throws ConfigError naming the store, the record and the place
 */
export async function readRecords<Schema extends z.ZodType>(
  store: Store,
  collection: string,
  schema: Schema,
  secrets: readonly string[] = [],
): Promise<readonly { readonly id: string; readonly value: z.output<Schema> }[]> {
  return (await store.read(collection)).map(({ id, value }) => {
    const result = schema.safeParse(value);
    if (result.success) return { id, value: result.data };
    const [wrong] = wrongPlaces(result.error.issues, value, schema, secrets);
    const place = pathText(wrong?.path ?? []);
    const name = `${collection}[${id}]${place.startsWith('[') || place === '' ? place : `.${place}`}`;
    throw new ConfigError(`${store.name}: ${name} ${wrong?.says ?? 'is wrong'}; ${CURE}`);
  });
}

/** What is to be written so that a collection holds what is in `after`; what is the same object was not changed. */
export function changesBetween<T>(
  collection: string,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  recordOf: (thing: T, id: string) => JsonValue,
): RecordChange[] {
  const changes: RecordChange[] = [];
  for (const id of before.keys()) if (!after.has(id)) changes.push({ collection, id, value: undefined });
  for (const [id, thing] of after) {
    if (before.get(id) !== thing) changes.push({ collection, id, value: recordOf(thing, id) });
  }
  return changes;
}
