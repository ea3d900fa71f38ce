import { FRESHNESS_STATES, KINDS, OPERATIONS } from '@tidewall/protocol';
import { z } from 'zod';

/** The shapes of answers, as the reference shows them. */
export const positionSchema = z.object({
  epoch: z.string().describe('changes whenever the order of the topic is lost'),
  offset: z.int().min(0).describe('the number of publications up to here'),
});

export const freshnessSchema = z.object({
  state: z.enum(FRESHNESS_STATES),
  asOf: z.number().describe('time of the newest publication by its source, ms since 1970; 0 when there is none'),
  expectEveryMs: z.number().optional(),
  reason: z.string().optional(),
});

export const errorSchema = z.object({
  error: z.object({
    code: z.int(),
    name: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    afterMs: z.number(),
    detail: z.record(z.string(), z.unknown()),
  }),
});

export const snapshotSchema = positionSchema.extend({
  topic: z.string(),
  kind: z.enum(KINDS),
  freshness: freshnessSchema,
  data: z.unknown().describe('what the topic holds now; null when nothing'),
});

export const historySchema = positionSchema.extend({
  kind: z.enum(KINDS),
  entries: z.array(z.object({ o: z.int(), at: z.number(), op: z.enum(OPERATIONS), d: z.unknown() })),
  more: z.boolean().describe('whether there are more beyond the last entry'),
});

export const presenceSchema = z.object({
  count: z.int().min(0),
  members: z
    .array(z.object({ session: z.string(), id: z.string(), name: z.string().optional() }))
    .optional()
    .describe('missing when there are more than `limits.presenceMembers`'),
});

export const topicListSchema = z.object({
  now: z.number().describe("the server's clock, ms since 1970"),
  topics: z.array(
    positionSchema.extend({
      topic: z.string(),
      kind: z.enum(KINDS),
      keyField: z.string().optional().describe('of a `table`: what identifies a row'),
      rateHz: z.number(),
      watchers: z.int(),
      freshness: freshnessSchema,
      source: z.string().optional(),
    }),
  ),
});

export const screenListSchema = z.object({
  screens: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      nameEn: z.string().optional(),
      description: z.string(),
      descriptionEn: z.string().optional(),
      tags: z.array(z.string()),
      width: z.int(),
      height: z.int(),
      elements: z.int(),
      theme: z.string(),
      revision: z.string(),
    }),
  ),
});
