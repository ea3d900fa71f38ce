import type { Store } from '@tidewall/contracts';
import { z } from 'zod';
import { COLLECTIONS, TOPIC_SETTINGS } from '../store/collections.ts';
import { readRecords } from '../store/records.ts';
import { type TopicConfig, topicSettingsSchema } from './topic-settings-schema.ts';

/** As in a configuration file, so that what it holds can be moved there. */
export const topicSettingsRecordSchema = z.strictObject({ topics: z.array(topicSettingsSchema) });

/**
 * What was said of topics through the API; nothing when nothing was.
 *
 * @throws ConfigError when it says what no topic can be, naming the place
 */
export async function readTopicSettings(store: Store): Promise<readonly TopicConfig[]> {
  const records = await readRecords(store, COLLECTIONS.topics, topicSettingsRecordSchema);
  return records.find(({ id }) => id === TOPIC_SETTINGS)?.value.topics ?? [];
}

/** @throws TidewallError storage_full */
export async function writeTopicSettings(store: Store, topics: readonly TopicConfig[]): Promise<void> {
  // Without what is made of them, as the check of a schema.
  const value = JSON.parse(topicSettingsText(topics));
  await store.write([{ collection: COLLECTIONS.topics, id: TOPIC_SETTINGS, value }]);
}

/** What is kept. */
export function topicSettingsText(topics: readonly TopicConfig[]): string {
  return JSON.stringify({ topics }, undefined, 2);
}
