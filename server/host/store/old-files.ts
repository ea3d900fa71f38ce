import type { JsonObject, JsonValue } from '@tidewall/base';
import type { RecordChange } from '@tidewall/contracts';
import { z } from 'zod';
import { keyRecordSchema } from '../keys/key-records.ts';
import { sourceRecordSchema } from '../sources/source-records.ts';
import { topicSettingsRecordSchema } from '../topics/topic-settings-record.ts';
import { sessionSchema, userSchema } from '../users/user.ts';
import { COLLECTIONS, TOPIC_SETTINGS } from './collections.ts';

/** A file in which versions before the store have kept something. */
export interface OldFile {
  readonly name: string;
  readonly schema: z.ZodType;
  /** Members whose value no message repeats. */
  readonly secrets: readonly string[];
  /** What is in it, of a value that its schema has accepted. */
  recordsOf(value: JsonValue): readonly RecordChange[];
}

/** A record for each item of a list of a file. */
function items(
  value: JsonValue,
  member: string,
  collection: string,
  idOf: string,
  more: JsonObject = {},
): RecordChange[] {
  const list = (value as JsonObject)[member] as JsonObject[];
  return list.map((item) => ({ collection, id: String(item[idOf]), value: { ...more, ...item } }));
}

export const OLD_FILES: readonly OldFile[] = [
  {
    name: 'keys.json',
    schema: z.strictObject({ format: z.literal(1), keys: z.array(keyRecordSchema) }),
    secrets: ['sealed'],
    recordsOf: (value) => items(value, 'keys', COLLECTIONS.keys, 'id'),
  },
  {
    name: 'key-uses.json',
    schema: z.record(z.string(), z.number()),
    secrets: [],
    recordsOf: (value) =>
      Object.entries(value as JsonObject).map(([id, at]) => ({ collection: COLLECTIONS.keyUses, id, value: at })),
  },
  {
    name: 'sources.json',
    schema: z.strictObject({
      format: z.union([z.literal(1), z.literal(2)]),
      sources: z.array(sourceRecordSchema.omit({ format: true })),
    }),
    secrets: ['settings'],
    recordsOf: (value) => {
      const format = (value as JsonObject)['format'] as number;
      return items(value, 'sources', COLLECTIONS.sources, 'name', { format });
    },
  },
  {
    name: 'topic-settings.json',
    schema: topicSettingsRecordSchema,
    secrets: [],
    recordsOf: (value) => [{ collection: COLLECTIONS.topics, id: TOPIC_SETTINGS, value }],
  },
  {
    name: 'users.json',
    schema: z.strictObject({ format: z.literal(1), users: z.array(userSchema), sessions: z.array(sessionSchema) }),
    secrets: ['hash', 'id'],
    recordsOf: (value) => [
      ...items(value, 'users', COLLECTIONS.users, 'name'),
      ...items(value, 'sessions', COLLECTIONS.sessions, 'id'),
    ],
  },
];
