import type { JsonObject, JsonValue } from '@tidewall/base';
import type { ErrorBody } from './error.ts';
import type { Freshness } from './freshness.ts';
import type { Operation, TopicKind } from './topic.ts';

/*
 * The frames of the native wire as the client sees them. What the server accepts is in schema.ts, from which the
 * types of the commands come.
 */

/** The point from which to go on. */
export interface Since {
  readonly epoch: string;
  readonly offset: number;
}

export interface ConnectReply extends Validity {
  readonly session: string;
  readonly node: string;
  readonly version: number;
  /** The server's clock, ms since 1970. */
  readonly now: number;
  readonly pingMs: number;
  /** What to keep to; a client that paces its commands by the last two is never refused for its speed. */
  readonly limits: {
    readonly frameBytes: number;
    readonly publicationBytes: number;
    readonly subscriptions: number;
    readonly commandsPerSecond: number;
    readonly commandBurst: number;
  };
}

/** How long what a client has shown is good for. */
export interface Validity {
  /** Until it runs out, ms from now; absent where nothing says. No clock of the far end has a part in it. */
  readonly expiresMs?: number;
}

export interface SubscribeReply {
  /** The server's number for what this subscription receives: the `t` of its pushes. */
  readonly topic: number;
  readonly kind: TopicKind;
  readonly epoch: string;
  /** The position that the pushes which follow start from. */
  readonly offset: number;
  /** True when nothing between `since` and now is missing from what follows. */
  readonly recovered: boolean;
  readonly freshness: Freshness;
  /** The field of a row that identifies it; always there when the kind is `table`. */
  readonly keyField?: string;
  /** Who follows it, if that was asked for. */
  readonly presence?: Presence;
}

/** The answer to subscribing to a pattern; each topic that matches is announced by a push with `new`. */
export interface PatternReply {
  /** The number by which `unsubscribe` names the pattern. */
  readonly topic: number;
  readonly pattern: string;
}

/** A topic that a pattern has found, and where its pushes start: what subscribing to it would have answered. */
export interface FoundTopic extends Omit<SubscribeReply, 'topic'> {
  /** The number of the pattern. */
  readonly of: number;
  readonly topic: string;
}

/** Somebody who follows a topic. */
export interface Member {
  readonly session: string;
  /** Who it is, as the server has established. */
  readonly id: string;
  /** What it calls itself. */
  readonly name?: string;
}

/** Who follows a topic. `members` is missing when there are more than a list is good for. */
export interface Presence {
  readonly count: number;
  readonly members?: readonly Member[];
}

export interface HistoryEntry {
  readonly o: number;
  readonly at: number;
  readonly op: Operation;
  readonly d: JsonValue;
}

export interface HistoryReply {
  readonly epoch: string;
  readonly offset: number;
  readonly kind: TopicKind;
  readonly entries: readonly HistoryEntry[];
  /** Whether there are more beyond the last of `entries`. */
  readonly more: boolean;
}

export interface Replies {
  readonly connect: ConnectReply;
  readonly refresh: Validity;
  readonly subscribe: SubscribeReply | PatternReply;
  readonly unsubscribe: Record<string, never>;
  /** The number of the subscription from here on. */
  readonly configure: { readonly topic: number };
  readonly publish: { readonly epoch: string; readonly offset: number };
  readonly history: HistoryReply;
  readonly presence: Presence;
}

export type CommandName = keyof Replies;

/** An answer to the command with the same `id`. */
export type ReplyFrame = { readonly id: number; readonly error?: ErrorBody } & Partial<Replies>;

/**
 * A change of a topic that the session follows. At most one of `d m u|x gap q who join|leave new end` says what it is;
 * none: only the position moves.
 */
export interface PushFrame {
  readonly t: number;
  /** The offset after this push. */
  readonly o?: number;
  /** When the source saw it, ms since 1970 on the server's clock. */
  readonly at?: number;
  /** How many publications this push covers, those without effect on this subscription too; 1 when absent. */
  readonly n?: number;
  /** The value of a `state`, the rows of a `table`, columns of a `series`, an entry of a `log`, what a `signal` said. */
  readonly d?: JsonValue;
  /**
   * 1: what the receiver held before is void; `d` is all there is: for a `log` the list of its kept entries, oldest
   * first, for the other kinds as above.
   */
  readonly r?: 1;
  /** A merge patch (RFC 7396) on the value of a `state`. */
  readonly m?: JsonValue;
  /** Rows of a `table` that are new or changed, and keys that are gone. */
  readonly u?: readonly JsonObject[];
  readonly x?: readonly (string | number)[];
  /** Entries of a `log` that were dropped before this session could read them: offsets, both ends included. */
  readonly gap?: { readonly from: number; readonly to: number };
  readonly q?: Freshness;
  /** Who follows the topic, in full; then who came and who went, and how many that makes. */
  readonly who?: Presence;
  readonly join?: readonly Member[];
  readonly leave?: readonly Member[];
  readonly count?: number;
  /** A topic that a pattern of this session has found; its pushes have this `t`. */
  readonly new?: FoundTopic;
  /** The server ended the subscription: 2500 and above may subscribe again, 2501 without a position. */
  readonly end?: { readonly code: number; readonly reason: string };
  /** Apply at this time of the server's clock. */
  readonly when?: number;
}

export interface PongFrame {
  readonly pong: { readonly t0: number; readonly t1: number; readonly t2: number };
}

export interface ByeFrame {
  readonly bye: {
    readonly code: number;
    readonly reason: string;
    /** Wait a random time between these before connecting again. */
    readonly afterMs?: readonly [number, number];
    readonly now?: number;
  };
}

export type ServerFrame = ReplyFrame | PushFrame | PongFrame | ByeFrame;

/** Heartbeats of older wires, understood on every JSON wire and answered with a text frame. */
export const TEXT_HEARTBEATS: ReadonlyMap<string, string> = new Map([
  ['ping', 'pong'],
  ['HeartBeat', 'HeartBeat'],
]);
