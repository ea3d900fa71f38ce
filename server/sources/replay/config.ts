import { z } from 'zod';
import { topicField } from '../fields.ts';
import { outputFields } from '../output.ts';
import { isoTime } from '../wall-time.ts';

const DAY_MS = 86_400_000;
const MOST_TOPICS = 1_000;
const KINDS = ['log', 'state', 'series', 'table', 'signal'] as const;

const recordedTopic = z.strictObject({
  topic: topicField.optional().describe('the topic that it feeds; that of the recording when absent'),
  topicKind: z.enum(KINDS).describe('what the topic is'),
  keyField: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('the field that identifies a row of a table; id when absent'),
});

/** Configuration of a source of kind `replay`. */
export const replayConfigSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(4_096)
      .describe(
        'the recording, a line of JSON each, or the name of an uploaded one; a relative path starts at the folder of the configuration',
      ),
    ...outputFields(KINDS, 'log'),
    topics: z
      .record(z.string().min(1).max(1_000), recordedTopic)
      .refine((topics) => Object.keys(topics).length <= MOST_TOPICS, `must be at most ${MOST_TOPICS}`)
      .default({})
      .describe('the topics of a recording that has several, by their names in it; other lines are passed over'),
    speed: z.number().min(0.25).max(16).default(1).describe('how many times faster than it was recorded'),
    loop: z.boolean().default(false).describe('whether it starts again at its end; otherwise that was all'),
    maxGapMs: z.int().min(0).max(DAY_MS).default(60_000).describe('a longer silence of the recording is cut to this'),
    loopGapMs: z.int().min(100).max(DAY_MS).default(1_000).describe('the silence between its end and its start'),
    from: z
      .union([
        z.int().min(0),
        z.string().refine((text) => isoTime(text) !== undefined, 'must be a time like 2026-03-01T08:00:00Z, or ms'),
      ])
      .optional()
      .describe('where it starts: a time, or so many ms behind its first line'),
    times: z
      .enum(['now', 'recorded'])
      .default('now')
      .describe('whether what is played happens now, or when it was recorded'),
  })
  .superRefine((config, context) => {
    const { topicKind, keyField, topics } = config;
    if (Object.keys(topics).length === 0 && topicKind === 'table' && keyField === undefined) {
      context.addIssue({ code: 'custom', path: ['keyField'], message: 'must be given when topicKind is table' });
    }
    const fed = new Map<string, string>();
    for (const [name, { topic = name }] of Object.entries(topics)) {
      const other = fed.get(topic);
      fed.set(topic, name);
      if (other === undefined) continue;
      const message = `must be another topic than that of ${JSON.stringify(other)}, which is ${topic} too`;
      context.addIssue({ code: 'custom', path: ['topics', name, 'topic'], message });
    }
  });

export type ReplayConfig = z.output<typeof replayConfigSchema>;
