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
  if (isJsonObject(pong)) return parsePong(pong);
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
  if (!isJsonObject(body)) return undefined;
  const { commandsPerSecond, commandBurst } = body;
  if (typeof commandsPerSecond !== 'number' || typeof commandBurst !== 'number') return undefined;
  return commandsPerSecond > 0 && commandBurst > 0 ? { commandsPerSecond, commandBurst } : undefined;
}

/** The answer to a subscribe command, or undefined when it is none. */
export function subscribeReplyOf(body: JsonValue | undefined): SubscribeReply | undefined {
  if (!isJsonObject(body)) return undefined;
  const { topic, kind, recovered, keyField } = body;
  const position = positionOf(body);
  const known = KINDS.find((one) => one === kind);
  if (typeof topic !== 'number' || position === undefined || known === undefined) return undefined;
  const presence = presenceOf(body['presence']);
  return {
    topic,
    kind: known,
    ...position,
    recovered: recovered === true,
    freshness: freshnessOf(body['freshness']) ?? { state: 'quiet', asOf: 0 },
    ...(typeof keyField === 'string' ? { keyField } : {}),
    ...(presence === undefined ? {} : { presence }),
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
  return known === undefined ? { count } : { count, members: known };
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

function parsePong({ t0, t1, t2 }: JsonObject): Incoming {
  if (typeof t0 !== 'number' || typeof t1 !== 'number' || typeof t2 !== 'number') return { type: 'unknown' };
  return { type: 'pong', t0, t1, t2 };
}

function parseBye({ code, reason, afterMs }: JsonObject): Incoming {
  const [from, to] = Array.isArray(afterMs) ? afterMs : [];
  return {
    type: 'bye',
    code: typeof code === 'number' ? code : 1005,
    reason: typeof reason === 'string' ? reason : '',
    afterMs: typeof from === 'number' && typeof to === 'number' ? [from, to] : undefined,
  };
}
