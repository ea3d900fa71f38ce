import type { SomeTopicSettings } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import type { IngestSettings } from './settings.ts';

/**
 * What a topic is that other tools write to: it keeps `ingest.points`, unless the configuration says otherwise of it. There
 * may be thousands of them, of which nobody has said anything. Of other topics: what is configured.
 */
export function settingsOfIngestTopic(
  topic: TopicName,
  { prefix, points }: IngestSettings,
  configured: SomeTopicSettings | undefined,
): SomeTopicSettings | undefined {
  if (!topic.startsWith(`${prefix}/`)) return configured;
  return { ...configured, keep: { count: points, ...configured?.keep } };
}
