import type { JsonValue } from '@tidewall/base';
import { z } from 'zod';
import { KINDS, OPERATIONS } from './topic.ts';

/*
 * What the server accepts on the native wire. Kept out of index.ts, so that the SDK, which only sends these, does not
 * carry the schema library. Unknown fields are ignored, so that a newer client can talk to an older server.
 */

const offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epoch = z.string().min(1).max(64);

export const sinceSchema = z.object({ epoch, offset });

export const connectSchema = z.object({
  version: z.number().int(),
  token: z.string().max(8192).optional(),
  name: z.string().max(128).optional(),
  codec: z.literal('json').optional(),
});

export const subscribeSchema = z.object({
  topic: z.string(),
  /** The kind the subscriber expects; a topic of another kind refuses it, an unused name gets this kind. */
  kind: z.enum(KINDS).optional(),
  since: sinceSchema.optional(),
  rewind: z.object({ count: z.number().int().min(0).max(1_000_000) }).optional(),
});

export const publishSchema = z.object({
  topic: z.string(),
  op: z.enum(OPERATIONS).optional(),
  kind: z.enum(KINDS).optional(),
  data: z.custom<JsonValue>((value) => value !== undefined, 'is missing'),
  /** When the source saw it, ms since 1970; now when absent. */
  at: z.number().min(0).max(8.64e15).optional(),
});

export const commandSchemas = {
  connect: connectSchema,
  subscribe: subscribeSchema,
  unsubscribe: z.object({ topic: z.number().int() }),
  publish: publishSchema,
  history: z.object({
    topic: z.string(),
    since: sinceSchema.optional(),
    limit: z.number().int().min(1).optional(),
    reverse: z.boolean().optional(),
  }),
} as const;

export const pingSchema = z.object({ t0: z.number() });

export type ConnectCommand = z.infer<typeof connectSchema>;
export type SubscribeCommand = z.infer<typeof subscribeSchema>;
export type PublishCommand = z.infer<typeof publishSchema>;
export type HistoryCommand = z.infer<(typeof commandSchemas)['history']>;

/** One frame of a client, checked. */
export type ClientFrame =
  | { readonly type: 'ping'; readonly t0: number }
  | { readonly type: 'connect'; readonly id: number; readonly body: ConnectCommand }
  | { readonly type: 'subscribe'; readonly id: number; readonly body: SubscribeCommand }
  | { readonly type: 'unsubscribe'; readonly id: number; readonly body: { readonly topic: number } }
  | { readonly type: 'publish'; readonly id: number; readonly body: PublishCommand }
  | { readonly type: 'history'; readonly id: number; readonly body: HistoryCommand };
