import { parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { topicSetting } from '../json/topic-setting.ts';

/** The only names that there are, over WebSocket and HTTP: none of them can be a path. */
const NAME = /^[A-Za-z0-9_-]{1,100}$/;

/** Which topic a chart's name means; the same settings for the WebSocket and for its HTTP twins. */
export const chartTopicSettings = {
  /** Stands before a name to make the topic's, where `topics` does not name one. */
  prefix: z.string().max(100).default('shop/'),
  topics: z.record(z.string().regex(NAME, `must match ${NAME}`), topicSetting).default({}),
};

export interface ChartTopicSettings {
  readonly prefix: string;
  readonly topics: Readonly<Record<string, string>>;
}

/** Finds the topic of a chart's name. @throws TidewallError unknown_topic, bad_request */
export function createChartTopics({ prefix, topics }: ChartTopicSettings): (name: unknown) => TopicName {
  const known = new Map(Object.entries(topics).map(([name, topic]) => [name, parseTopicName(topic)]));
  return (name) => {
    if (typeof name !== 'string' || !NAME.test(name)) {
      const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 64)) : 'none';
      throw new TidewallError('bad_request', `a name has letters, digits, "_" and "-"; got ${shown}`);
    }
    return known.get(name) ?? parseTopicName(prefix + name);
  };
}
