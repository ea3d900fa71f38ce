import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import {
  type Freshness,
  type HistoryReply,
  KINDS,
  type Member,
  type Position,
  type Presence,
  type PushFrame,
  type SubscribeReply,
} from '@tidewall/protocol';
import type { CommandLimits } from './pace.ts';

/*
 * What a server sent, looked at just enough that nothing behind this file can trip over it. A schema library would
 * be the larger half of the SDK.
 */

/** One frame, told apart. `unknown` is of a newer wire, and passed over. */
export type Incoming =
  | { readonly type: 'push'; readonly push: PushFrame }
  | { readonly type: 'reply'; readonly id: number; readonly body: JsonObject }
  | { readonly type: 'pong'; readonly t0: number; readonly t1: number; readonly t2: number }
  | {
      readonly type: 'bye';
      readonly code: number;
      readonly reason: string;
      readonly afterMs: readonly [number, number] | undefined;
    }
  | { readonly type: 'unknown' };

/** The frame in one line, or undefined when it is none: the peer does not speak this wire then. */
export function parseFrame(line: string): Incoming | undefined {
  let frame: JsonValue;
  try {
    frame = JSON.parse(line) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isJsonObject(frame)) return undefined;
  const { t, id, pong, bye } = frame;
  // A push may be malformed beyond this: its subscription then asks for the topic anew.
  if (typeof t === 'number') return { type: 'push', push: frame as unknown as PushFrame };
  if (typeof id === 'number') return { type: 'reply', id, body: frame };
  // Whether its times can be, who measures with them looks at.
  if (isJsonObject(pong)) return { type: 'pong', ...(pong as { t0: number; t1: number; t2: number }) };
  if (isJsonObject(bye)) return parseBye(bye);
  return { type: 'unknown' };
}

/** What we need of the answer to a connect command. */
export interface Greeting {
  readonly session: string;
  readonly now: number;
  readonly pingMs: number;
  /** Absent where a server does not say. */
  readonly limits: CommandLimits | undefined;
}

/** The answer to a connect command, or undefined when it is none. */
export function connectReplyOf(body: JsonValue | undefined): Greeting | undefined {
  if (!isJsonObject(body)) return undefined;
  const { session, now, pingMs } = body;
  if (typeof session !== 'string' || typeof now !== 'number' || typeof pingMs !== 'number') return undefined;
  return { session, now, pingMs, limits: commandLimitsOf(body['limits']) };
}

function commandLimitsOf(body: JsonValue | undefined): CommandLimits | undefined {
  const limits = body as unknown as CommandLimits | undefined;
  return isJsonObject(body) && limits && limits.commandsPerSecond > 0 && limits.commandBurst > 0 ? limits : undefined;
}

/** As a server answers, without what makes no sense. */
export type Accepted = Omit<SubscribeReply, 'keyField' | 'presence'> & {
  readonly keyField: string | undefined;
  readonly presence: Presence | undefined;
};

/** The answer to a subscribe command, or undefined when it is none. */
export function subscribeReplyOf(body: JsonValue | undefined): Accepted | undefined {
  if (!isJsonObject(body) || !positionOf(body)) return undefined;
  const { topic, kind, keyField, freshness, presence } = body;
  if (typeof topic !== 'number' || !KINDS.some((one) => one === kind)) return undefined;
  return {
    ...(body as unknown as SubscribeReply),
    freshness: freshnessOf(freshness) ?? { state: 'quiet', asOf: 0 },
    keyField: typeof keyField === 'string' ? keyField : undefined,
    presence: presenceOf(presence),
  };
}

/** The answer to a publish command, or undefined when it is none. */
export function positionOf(body: JsonValue): Position | undefined {
  if (!isJsonObject(body)) return undefined;
  const { epoch, offset } = body;
  return typeof epoch === 'string' && isOffset(offset) ? { epoch, offset } : undefined;
}

/** The answer to a history command, or undefined when it is none. */
export function historyReplyOf(body: JsonValue): HistoryReply | undefined {
  if (!isJsonObject(body) || positionOf(body) === undefined) return undefined;
  const { entries } = body;
  return Array.isArray(entries) && entries.every(isJsonObject) ? (body as unknown as HistoryReply) : undefined;
}

/** Who follows a topic, or undefined when that does not say it. */
export function presenceOf(value: unknown): Presence | undefined {
  const { count, members } = (value ?? {}) as Partial<Presence>;
  if (!isOffset(count)) return undefined;
  const known = membersOf(members);
  return { count, ...(known && { members: known }) };
}

/** A list of members, or undefined when it is none. */
export function membersOf(value: unknown): Member[] | undefined {
  return Array.isArray(value) ? (value.filter(isJsonObject) as unknown as Member[]) : undefined;
}

/** What a server says of a topic's age, or undefined when it says nothing that we understand. */
export function freshnessOf(value: unknown): Freshness | undefined {
  const { state, asOf } = (value ?? {}) as Partial<Freshness>;
  return typeof state === 'string' && typeof asOf === 'number' ? (value as Freshness) : undefined;
}

/** Whether this can be a count of publications. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseBye({ code, reason, afterMs }: JsonObject): Incoming {
  return {
    type: 'bye',
    code: typeof code === 'number' ? code : 1005,
    reason: typeof reason === 'string' ? reason : '',
    // What is no time counts as none.
    afterMs: Array.isArray(afterMs) ? (afterMs as [number, number]) : undefined,
  };
}
