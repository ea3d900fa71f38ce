import { isJsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { z } from 'zod';
import { TidewallError } from './error.ts';
import { parseFilter } from './filter.ts';
import type { Since } from './frames.ts';
import { KINDS, MAX_TOPIC_NAME_LENGTH, OPERATIONS, THINNINGS } from './topic.ts';

/*
 * What the server accepts on the native wire. Kept out of index.ts, so that the SDK, which only sends these, does not
 * carry the schema library. Unknown fields are ignored, so that a newer client can talk to an older server.
 */

const offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epoch = z.string().min(1).max(64);

export const sinceSchema = z.object({ epoch, offset });

/** What a key has signed, so that its secret does not travel. */
export const signedKeySchema = z.object({
  id: z.string().min(1).max(64),
  /** Nothing of what is signed may hold the character that stands between its parts. */
  name: z
    .string()
    .max(128)
    .regex(/^\P{Cc}*$/u)
    .optional(),
  /** Seconds since 1970, by the clock of the signer. */
  timestamp: z.number().int().min(0).max(8.64e12),
  /** Used once. */
  nonce: z.string().regex(/^[A-Za-z0-9._~-]{8,64}$/),
  /** An HMAC-SHA256 in base64url. */
  sig: z.string().length(43),
});

export const connectSchema = z.object({
  version: z.number().int(),
  token: z.string().max(8192).optional(),
  key: signedKeySchema.optional(),
  name: z.string().max(128).optional(),
  codec: z.literal('json').optional(),
});

/** Shown while connected, by who is connected already. */
export const refreshSchema = z
  .object({ token: connectSchema.shape.token, key: connectSchema.shape.key })
  .refine(({ token, key }) => (token === undefined) !== (key === undefined), {
    error: 'needs token or key, and not both',
  });

/** Most points that a backfill may be asked to be thinned to. */
export const MAX_REWIND_POINTS = 100_000;

const rewindSchema = z
  .object({
    /** So many points of a `series` or entries of a `log` before now. */
    count: z.number().int().min(0).max(1_000_000).optional(),
    /** What is younger than this, by the publications' own times. */
    ms: z.number().min(0).max(8.64e15).optional(),
    /** Of a `series`: no more points than this, thinned by `by`. */
    points: z.number().int().min(2).max(MAX_REWIND_POINTS).optional(),
    by: z.enum(THINNINGS).optional(),
  })
  .refine(({ count, ms, points }) => count !== undefined || ms !== undefined || points !== undefined, {
    error: 'needs count, ms or points',
  });

const filterSchema = z.unknown().transform((value, context) => {
  try {
    return parseFilter(value);
  } catch (failure) {
    if (!(failure instanceof TidewallError)) throw failure;
    context.addIssue({ code: 'custom', message: failure.message, input: value });
    return z.NEVER;
  }
});

/** Most topics whose positions one subscribe may name. */
const MAX_POSITIONS = 1024;

/** Not a `z.record`, which leaves out what is called `__proto__`. */
const positionsSchema = z.unknown().transform((value, context): Readonly<Record<string, Since>> => {
  const refuse = (message: string, path: PropertyKey[] = []): never => {
    context.addIssue({ code: 'custom', message, path, input: value });
    return z.NEVER;
  };
  if (!isJsonObject(value)) return refuse('must be an object with the position of each topic');
  const names = Object.keys(value);
  if (names.length > MAX_POSITIONS) return refuse(`must name at most ${MAX_POSITIONS} topics`);
  const positions: Record<string, Since> = {};
  for (const name of names) {
    const { data, error } = sinceSchema.safeParse(value[name]);
    const [issue] = error?.issues ?? [];
    if (issue) return refuse(issue.message, [name, ...issue.path]);
    setOwn(positions, name, data);
  }
  return positions;
});

const fieldsSchema = z.array(z.string().min(1).max(MAX_TOPIC_NAME_LENGTH)).min(1).max(256);
/** More often than a flush window is as often as a flush window. */
const rateSchema = z.number().min(0.001).max(1_000_000);

export const subscribeSchema = z.object({
  /** A topic's name, or a pattern with `+` and `#`. */
  topic: z.string(),
  /** The kind the subscriber expects; a topic of another kind refuses it, an unused name gets this kind. */
  kind: z.enum(KINDS).optional(),
  since: sinceSchema.optional(),
  /** For a pattern: where each of its topics is to go on from. */
  positions: positionsSchema.optional(),
  rewind: rewindSchema.optional(),
  /** Most pushes a second. */
  rateHz: rateSchema.optional(),
  filter: filterSchema.optional(),
  fields: fieldsSchema.optional(),
  /** Changes in place of whole values, where the kind allows. */
  delta: z.boolean().optional(),
  /** Who else follows the topic is told, and every change of it. */
  presence: z.boolean().optional(),
});

/** What may be changed of a live subscription; null takes an option away. */
export const configureSchema = z.object({
  topic: z.number().int(),
  rateHz: rateSchema.nullable().optional(),
  filter: z.union([z.null(), filterSchema]).optional(),
  fields: fieldsSchema.nullable().optional(),
  delta: z.boolean().optional(),
});

export const publishSchema = z.object({
  topic: z.string(),
  op: z.enum(OPERATIONS).optional(),
  kind: z.enum(KINDS).optional(),
  data: z.custom<JsonValue>((value) => value !== undefined, 'is missing'),
  /** Publishing again with the same key changes nothing and answers the same position. */
  key: z.string().min(1).max(128).optional(),
  /** When the source saw it, ms since 1970; now when absent. */
  at: z.number().min(0).max(8.64e15).optional(),
});

export const commandSchemas = {
  connect: connectSchema,
  refresh: refreshSchema,
  subscribe: subscribeSchema,
  unsubscribe: z.object({ topic: z.number().int() }),
  configure: configureSchema,
  publish: publishSchema,
  history: z.object({
    topic: z.string(),
    since: sinceSchema.optional(),
    limit: z.number().int().min(1).optional(),
    reverse: z.boolean().optional(),
  }),
  presence: z.object({ topic: z.string() }),
} as const;

export const pingSchema = z.object({ t0: z.number() });

export type SignedKey = z.infer<typeof signedKeySchema>;
export type ConnectCommand = z.infer<typeof connectSchema>;
export type RefreshCommand = z.infer<typeof refreshSchema>;
export type SubscribeCommand = z.infer<typeof subscribeSchema>;
export type ConfigureCommand = z.infer<typeof configureSchema>;
export type PublishCommand = z.infer<typeof publishSchema>;
export type HistoryCommand = z.infer<(typeof commandSchemas)['history']>;

/** One frame of a client, checked. */
export type ClientFrame =
  | { readonly type: 'ping'; readonly t0: number }
  | { readonly type: 'connect'; readonly id: number; readonly body: ConnectCommand }
  | { readonly type: 'refresh'; readonly id: number; readonly body: RefreshCommand }
  | { readonly type: 'subscribe'; readonly id: number; readonly body: SubscribeCommand }
  | { readonly type: 'unsubscribe'; readonly id: number; readonly body: { readonly topic: number } }
  | { readonly type: 'configure'; readonly id: number; readonly body: ConfigureCommand }
  | { readonly type: 'publish'; readonly id: number; readonly body: PublishCommand }
  | { readonly type: 'history'; readonly id: number; readonly body: HistoryCommand }
  | { readonly type: 'presence'; readonly id: number; readonly body: { readonly topic: string } };
