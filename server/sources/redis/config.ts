import { parseTopicName } from '@tidewall/protocol';
import { z } from 'zod';
import { redisUrlField } from './redis-url.ts';

/** Names in Redis are binary-safe; longer ones than this are a mistake. */
const MAX_NAME_LENGTH = 1024;
/** Entries of one list. */
const MOST_NAMES = 1000;

/** What is read in Redis, by the topic that it goes to. */
const byTopic = z
  .record(z.string(), z.string().min(1).max(MAX_NAME_LENGTH))
  .superRefine((names, context) => {
    for (const topic of Object.keys(names)) {
      try {
        parseTopicName(topic);
      } catch (failure) {
        context.addIssue({ code: 'custom', path: [topic], message: (failure as Error).message });
      }
    }
  })
  .refine((names) => Object.keys(names).length <= MOST_NAMES, `must have at most ${MOST_NAMES} entries`)
  .default({});

/** Configuration of a source of kind `redis`. */
export const redisConfigSchema = z
  .strictObject({
    url: redisUrlField,
    /** Channels by topic. */
    channels: byTopic,
    /** Patterns of channels by topic, as PSUBSCRIBE takes them; an entry says which channel it came by. */
    patterns: byTopic,
    /** Streams by topic: entries by their fields. */
    streams: byTopic,
    /** How a message is read, and the fields of a stream's entry. */
    format: z.enum(['json', 'text']).default('json'),
    /** What the topics are. */
    topicKind: z.enum(['log', 'state', 'series', 'table', 'signal']).default('log'),
    /** The field that identifies a row of a `table`. */
    keyField: z.string().min(1).optional(),
    /** The cadence that messages are expected at. */
    expectEveryMs: z.number().int().min(20).optional(),
  })
  .superRefine(({ channels, patterns, streams, format, topicKind: kind, keyField }, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const topics = [channels, patterns, streams].flatMap((names) => Object.keys(names));
    const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
    const rows = kind === 'series' || kind === 'table';
    if (topics.length === 0) complain('channels', 'must name a channel, or patterns or streams something');
    if (twice !== undefined) complain('channels', `${twice} is fed by two of channels, patterns and streams`);
    if (rows && format === 'text') complain('format', `must be json when topicKind is ${kind}`);
    if (rows && Object.keys(patterns).length > 0) complain('patterns', `must be empty when topicKind is ${kind}`);
    if (kind === 'table' && keyField === undefined) complain('keyField', 'must be given when topicKind is table');
  });

export type RedisConfig = z.infer<typeof redisConfigSchema>;
