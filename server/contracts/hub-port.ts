import type { JsonValue } from '@tidewall/base';
import type {
  CloseName,
  Filter,
  FoundTopic,
  Freshness,
  HistoryPage,
  Member,
  Mismatch,
  Operation,
  PatternReply,
  Position,
  Presence,
  Since,
  SubscribeReply,
  TopicKind,
  TopicName,
  TopicPattern,
} from '@tidewall/protocol';
import type { Keep } from './broker.ts';
import type { Principal } from './principal.ts';

/** What a topic is. Fixed when the topic is opened. */
export interface TopicSettings {
  readonly kind: TopicKind;
  /** The field of a `table` row that identifies it. */
  readonly keyField: string;
  readonly keep: Keep;
  /** The cadence that publications are expected at; absent: silence is fine. */
  readonly expectEveryMs?: number;
  /** Whether it survives a restart, with a broker that can keep it. */
  readonly retain: boolean;
  /** Refuses every publication that does not come from the source that feeds it. */
  readonly readOnly: boolean;
  /**
   * Looks at data before it is accepted; undefined means that it fits. Of a merge, `data` is the value that it makes.
   */
  readonly fits?: (op: Operation, data: JsonValue) => Mismatch | undefined;
}

/** What somebody says of a topic; the hub fills in what is left out. */
export interface SomeTopicSettings {
  readonly kind?: TopicKind | undefined;
  readonly keyField?: string | undefined;
  readonly keep?: { readonly [Bound in keyof Keep]?: Keep[Bound] | undefined } | undefined;
  readonly expectEveryMs?: number | undefined;
  readonly retain?: boolean | undefined;
  readonly readOnly?: boolean | undefined;
  readonly fits?: TopicSettings['fits'];
}

/** What a source says of a topic that it feeds. */
export interface FeedSettings extends SomeTopicSettings {
  readonly kind: TopicKind;
}

/** What a subscriber is sent: one change of one topic, not yet in any wire's bytes. JSON texts are on one line. */
export type Push =
  | (PushHead & {
      readonly type: 'value';
      readonly at: number;
      readonly n: number;
      readonly json: string;
      readonly reset: boolean;
    })
  | (PushHead & { readonly type: 'merge'; readonly at: number; readonly n: number; readonly json: string })
  | (PushHead & {
      readonly type: 'rows';
      readonly at: number;
      readonly n: number;
      /** JSON arrays. */
      readonly upserts: string;
      readonly removals: string;
    })
  | (PushHead & { readonly type: 'gap'; readonly from: number; readonly to: number })
  /** Nothing but the position: `n` publications had no effect on this view. */
  | (PushHead & { readonly type: 'position'; readonly at: number; readonly n: number })
  | (PushHead & { readonly type: 'freshness'; readonly freshness: Freshness })
  | (PushHead & { readonly type: 'presence'; readonly presence: Presence })
  | (PushHead & {
      readonly type: 'presence-change';
      readonly join: readonly Member[];
      readonly leave: readonly Member[];
      readonly count: number;
    })
  | (PushHead & { readonly type: 'found'; readonly found: FoundTopic })
  | (PushHead & { readonly type: 'end'; readonly code: number; readonly reason: string });

interface PushHead {
  /** The number of the view, the same for each of its sessions. */
  readonly view: number;
  readonly topic: TopicName;
  readonly kind: TopicKind;
  /** The position after this push. */
  readonly offset: number;
}

/**
 * Turns pushes into the finished bytes of one wire. There is one object a wire, since the hub shares what it returns
 * between all sessions whose outlets name the same object; so nothing of a session may be in the bytes.
 */
export interface Encoding {
  readonly name: string;
  encode(pushes: readonly Push[]): Uint8Array;
  /**
   * What follows the frames of one flush, for wires whose clients are told there where they are. Shared like frames:
   * sessions that follow the same and are in step are at the same places.
   */
  after?(places: readonly PlaceInTopic[]): Uint8Array;
}

/** Where a session is in a topic: all up to there has been written to it. */
export interface PlaceInTopic extends Position {
  readonly topic: TopicName;
}

/** The way out to one client, as the hub sees it. */
export interface Outlet {
  readonly encoding: Encoding;
  /** Writes finished frames in order, as one write. False: above high water, send no more until `Session.drained`. */
  write(frames: readonly Uint8Array[]): boolean;
  /** Bytes that the peer's side has taken so far. It not moving while frames wait is "no progress". */
  takenBytes(): number;
  /** Ends the connection with a code and a reason for its reader. */
  close(code: CloseName, reason: string): void;
}

/** How the points of a `series` are thinned. */
export type Thinning = 'lttb' | 'minmax' | 'avg' | 'last';

/** How far before now a subscriber wants to begin: by number, by age, or all that is kept, thinned or not. */
export interface Rewind {
  readonly count?: number | undefined;
  readonly ms?: number | undefined;
  readonly points?: number | undefined;
  readonly by?: Thinning | undefined;
}

export interface SubscribeRequest {
  /** A topic's name, or a pattern. */
  readonly topic: string;
  readonly kind?: TopicKind | undefined;
  readonly since?: Since | undefined;
  /** Of a pattern: by the name of the topic. */
  readonly positions?: Readonly<Record<string, Since>> | undefined;
  readonly rewind?: Rewind | undefined;
  readonly rateHz?: number | undefined;
  readonly filter?: Filter | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly delta?: boolean | undefined;
  readonly presence?: boolean | undefined;
  /**
   * For clients that keep nothing of what they were sent: every push is all that the topic holds, and no change of it.
   * `kept`: of a log, too, all entries that are kept; with `value` each of its entries comes by itself, once.
   */
  readonly whole?: 'value' | 'kept' | undefined;
  /** Makes the bytes of this subscription, where they are not those of the outlet. A pattern has the outlet's. */
  readonly encoding?: Encoding | undefined;
}

/** What changes of a live subscription; null takes an option away, undefined leaves it. */
export interface ConfigureRequest {
  readonly rateHz?: number | null | undefined;
  readonly filter?: Filter | null | undefined;
  readonly fields?: readonly string[] | null | undefined;
  readonly delta?: boolean | undefined;
}

/** One connected client in the hub. */
export interface Session {
  readonly id: string;
  readonly principal: Principal;
  /**
   * Follows a topic. `accepted` is called once, before the first push of the subscription is written, so that the
   * reply always precedes it.
   *
   * @throws TidewallError bad_request, permission_denied, already_subscribed, wrong_kind, limit_exceeded
   */
  subscribe(request: SubscribeRequest, accepted: (reply: SubscribeReply | PatternReply) => void): Promise<void>;
  /**
   * Changes a live subscription. `accepted` is called once, with the number that the subscription has from then on,
   * before the first push with that number.
   *
   * @throws TidewallError not_subscribed, already_subscribed when there is one with these options already
   */
  configure(view: number, change: ConfigureRequest, accepted: (view: number) => void): void;
  /** @param view the number that the subscription or the pattern was given. @throws TidewallError not_subscribed */
  unsubscribe(view: number): void;
  /** Where it is in each of its topics; what `Encoding.after` would be given now. */
  places(): readonly PlaceInTopic[];
  /** For each topic that it follows by name: what following it again from where it is would be answered now. */
  standing(): readonly SubscribeReply[];
  /**
   * Goes on as the same one, who has shown something newer. Where that has other rights, subscriptions that it may not have
   * end with code 2103; those that show it something else, and all patterns, with 2501.
   *
   * @throws TidewallError conflict when it is somebody else; then nothing has changed
   */
  renew(principal: Principal): void;
  /** The outlet takes more again. */
  drained(): void;
  /** The peer is gone. Everything of the session is let go; may be called twice. */
  end(): void;
}

export interface PublishRequest {
  readonly topic: string;
  /** The kind's first operation when absent. */
  readonly op?: Operation | undefined;
  /** The kind that a topic gets when it does not exist yet; when it does, it must be this. */
  readonly kind?: TopicKind | undefined;
  readonly data: JsonValue;
  /** The text `data` was parsed from, when there is one: it saves writing it again. */
  readonly json?: string | undefined;
  /** ms since 1970; now when absent. */
  readonly at?: number | undefined;
  /** A publication with a key that the topic remembers is not made again; its position is answered. */
  readonly key?: string | undefined;
}

export interface HistoryRequest {
  readonly topic: string;
  readonly since?: Since | undefined;
  readonly limit?: number | undefined;
  /** Newest first, and those before `since` in place of those after it. */
  readonly reverse?: boolean | undefined;
}

/** What is held of a topic now. */
export interface TopicSnapshot extends Position {
  readonly topic: TopicName;
  readonly kind: TopicKind;
  readonly freshness: Freshness;
  /** JSON text; undefined when nothing is held. */
  readonly json: string | undefined;
}

/** One row of the list of topics. */
export interface TopicSummary extends Position {
  readonly topic: TopicName;
  readonly kind: TopicKind;
  /** Of a `table`: the field that identifies a row. */
  readonly keyField?: string;
  /** Publications in the last minute, averaged to a second. */
  readonly rateHz: number;
  /** Sessions that follow it. */
  readonly watchers: number;
  readonly freshness: Freshness;
  /** The source that feeds it, when one does. */
  readonly source?: string;
}

/** What those who watch a topic want of its source. */
export interface Demand {
  /** Whether anybody watches it; for the linger time after the last one too. */
  readonly watched: boolean;
  /** The shortest time between two pushes that one of them has asked for, ms; absent: none has asked for one. */
  readonly fastestMs?: number;
  /** Whether one of them leaves the pace to the source. */
  readonly unpaced: boolean;
}

/** A topic that one source feeds, and nobody else may publish to. */
export interface Feed {
  /** @throws TidewallError shape_mismatch, limit_exceeded, storage_full */
  publish(op: Operation, data: JsonValue, at?: number): Promise<void>;
  /** Marks the topic failed, with a sentence for its viewers, until the next `publish` or `healthy`. */
  fail(reason: string): void;
  /** The source works, though it has nothing new: the topic's age starts again. */
  healthy(): void;
  /** News is expected this often from now on, unless the configuration says how often. */
  expect(everyMs: number): void;
  /** What the topic holds now, also of an earlier process or source; undefined when that is nothing. */
  held(): JsonValue | undefined;
  /** Gives the topic up; what it holds stays. */
  dispose(): void;
}

/** The hub, as everything around it sees it. */
export interface HubPort {
  /**
   * @param name what the client calls itself, for those who ask who is present
   * @throws TidewallError limit_exceeded when there are as many sessions as are allowed
   */
  open(principal: Principal, outlet: Outlet, name?: string): Session;
  /** Resolves when it is kept and has its position. @throws TidewallError */
  publish(principal: Principal, request: PublishRequest): Promise<Position>;
  /** @throws TidewallError unknown_topic, permission_denied, unrecoverable_position */
  history(principal: Principal, request: HistoryRequest): Promise<HistoryPage>;
  /** @throws TidewallError unknown_topic, permission_denied */
  snapshot(principal: Principal, topic: string): Promise<TopicSnapshot>;
  topics(principal: Principal): readonly TopicSummary[];
  /** Who follows a topic. @throws TidewallError unknown_topic, permission_denied */
  presence(principal: Principal, topic: string): Promise<Presence>;
  /**
   * What `settingsOf` says has changed: every topic takes its settings anew. One whose kind or key field changes
   * starts again, empty and with a new epoch, and its subscribers ask again; all others go on as they are.
   */
  reconfigure(): Promise<void>;
  /**
   * Lets a topic go with all that is kept of it. Its subscribers are told to ask again.
   *
   * @throws TidewallError unknown_topic, permission_denied, conflict while a source feeds it
   */
  forget(principal: Principal, topic: string): Promise<void>;
  /**
   * Calls `demand` with true for each topic that matches and is watched, and when somebody begins to watch another one,
   * whether it exists or not; and with false when nobody has for the linger time, or the topic is gone. Returns what ends
   * this.
   */
  onDemand(pattern: TopicPattern, demand: (topic: TopicName, watched: boolean) => void): () => void;
  /**
   * Takes a topic for a source. `demand` is called when somebody starts to watch, when nobody has for the linger time,
   * and whenever those who watch want another pace. Kind and key field are the source's to say; where the configuration speaks of the topic's
   * keeping or cadence, that counts.
   *
   * @throws TidewallError conflict when another source feeds it
   */
  feed(topic: TopicName, source: string, settings: FeedSettings, demand: (demand: Demand) => void): Promise<Feed>;
}
