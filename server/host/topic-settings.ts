import type { SomeTopicSettings } from '@tidewall/contracts';
import type { TopicConfig } from './config.ts';
import { matchesPattern } from './topic-pattern.ts';

/** What the configuration says of a topic: the first pattern that matches counts; undefined when none does. */
export function configuredSettings(topics: readonly TopicConfig[], name: string): SomeTopicSettings | undefined {
  return topics.find(({ pattern }) => matchesPattern(pattern, name));
}
