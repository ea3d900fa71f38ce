import { isJsonObject, type JsonValue } from '@tidewall/base';
import { COLLECTIONS } from '../store/collections.ts';

/** What is exported of the store: a folder a collection, a file a record. Not where people are signed in, nor when keys were used. */
export const EXPORTED: readonly string[] = [
  COLLECTIONS.keys,
  COLLECTIONS.sources,
  COLLECTIONS.topics,
  COLLECTIONS.users,
  COLLECTIONS.shares,
];

/** Folders whose files are exported as they are. */
export const EXPORTED_FOLDERS = ['screens', 'files'] as const;

/** The file of a record: its id with everything escaped that could be something else in a path. */
export function fileOfRecord(id: string): string {
  return `${encodeURIComponent(id).replace(/^\./, '%2E')}.json`;
}

/** A value as text, its members by their names, so that two exports differ where what is kept differs. */
export function textOfRecord(value: JsonValue): string {
  const inOrder = (_: string, inner: JsonValue) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  return `${JSON.stringify(value, inOrder, 2)}\n`;
}
