import { z } from 'zod';
import { checkMessages, messageFields, namesByTopic } from '../message-fields.ts';
import { checkTls, tlsFields } from '../tls-fields.ts';
import { redisUrlField } from './redis-url.ts';

/** Configuration of a source of kind `redis`. */
export const redisConfigSchema = z
  .strictObject({
    url: redisUrlField.describe('the server: redis://user:password@host:6379/0, or rediss:// for TLS'),
    channels: namesByTopic().describe('channels by the topic that they feed'),
    patterns: namesByTopic().describe(
      'patterns of channels by topic, as PSUBSCRIBE takes them: an entry says which channel it came by, and a table has a row for each channel',
    ),
    streams: namesByTopic().describe('streams by topic: entries by their fields'),
    ...tlsFields,
    ...messageFields,
  })
  .superRefine((config, context) => {
    const { channels, patterns, streams } = config;
    const topics = [channels, patterns, streams].flatMap((names) => Object.keys(names));
    const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
    const complain = (message: string) => context.addIssue({ code: 'custom', path: ['channels'], message });
    if (topics.length === 0) complain('must name a channel, or patterns or streams something');
    if (twice !== undefined) complain(`${twice} is fed by two of channels, patterns and streams`);
    checkTls(config, context);
    checkMessages(
      config,
      { names: ['channels', { ...streams, ...channels }], patterns: ['patterns', patterns] },
      context,
    );
  });

export type RedisConfig = z.infer<typeof redisConfigSchema>;
