import type { SomeTopicSettings } from '@tidewall/contracts';
import { matchesPattern } from '@tidewall/protocol';
import type { TopicConfig } from './config.ts';

/** What the configuration says of a topic: the first pattern that matches counts; undefined when none does. */
export function configuredSettings(topics: readonly TopicConfig[], name: string): SomeTopicSettings | undefined {
  return topics.find(({ pattern }) => matchesPattern(pattern, name));
}
