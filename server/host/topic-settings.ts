import type { TopicSettings } from '@tidewall/contracts';
import { DEFAULT_KEEP } from '@tidewall/hub';
import type { TopicConfig } from './config.ts';
import { matchesPattern } from './topic-pattern.ts';

/** What the configuration says of a topic: the first pattern that matches counts; undefined when none does. */
export function configuredSettings(topics: readonly TopicConfig[], name: string): Partial<TopicSettings> | undefined {
  const found = topics.find(({ pattern }) => matchesPattern(pattern, name));
  if (found === undefined) return undefined;
  const { kind, keyField, keep, expectEveryMs } = found;
  const { count, bytes, ageMs } = keep ?? {};
  const standard = DEFAULT_KEEP[kind ?? 'state'];
  return {
    ...(kind && { kind }),
    ...(keyField !== undefined && { keyField }),
    ...(keep && {
      keep: { ...standard, ...(count && { count }), ...(bytes && { bytes }), ...(ageMs && { ageMs }) },
    }),
    ...(expectEveryMs !== undefined && { expectEveryMs }),
  };
}
