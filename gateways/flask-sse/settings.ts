import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { maxAgeMsField } from '../sse/settings.ts';

/** The topic of a channel in a configuration. */
const topicField = z.unknown().transform((value, context): TopicName => {
  try {
    return parseTopicName(value);
  } catch (failure) {
    context.addIssue({ code: 'custom', message: (failure as Error).message });
    return z.NEVER;
  }
});

export const flaskSseSettings = z.strictObject({
  /** Topics by the name of the channel that pages ask for. */
  topics: z.record(z.string(), topicField).default({}),
  /** What comes before the name of every other channel. */
  prefix: z.string().max(128).default('redis/'),
  /** How long a stream lives before its page is asked to come back. */
  maxAgeMs: maxAgeMsField,
});

export type FlaskSseSettings = z.infer<typeof flaskSseSettings>;

/** The topic that a channel stands for. @throws TidewallError bad_request when no topic can have that name */
export function topicOf(channel: string, { topics, prefix }: FlaskSseSettings): TopicName {
  const named = Object.hasOwn(topics, channel) ? topics[channel] : undefined;
  return named ?? parseTopicName(`${prefix}${channel}`);
}
