import { type Clock, type JsonValue, systemClock } from '@tidewall/base';
import type {
  Following,
  FollowOptions,
  LinkStatus,
  TopicReader,
  TopicReplica,
} from '@tidewall/browser-contracts/topic-reader';
import type { Transport } from '@tidewall/browser-contracts/transport';
import {
  type HistoryReply,
  type Operation,
  type Position,
  PROTOCOL_VERSION,
  type Presence,
  type PushFrame,
  type Since,
  TidewallError,
  type TopicKind,
} from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';
import { Commands, REFRESH_ID } from './commands.ts';
import type { ConnectionState } from './connection.ts';
import { type Greeting, historyReplyOf, positionOf, presenceOf } from './frame.ts';
import { Link } from './link.ts';
import { Pace } from './pace.ts';
import type { Follower } from './subscription.ts';
import { following, Subscriptions } from './subscriptions.ts';
import type { Memory } from './transport-choice.ts';

export interface ClientOptions {
  /** The server's base address: `http://hall:7070/`. */
  readonly url: string;
  /** Best first. The first that works is used. */
  readonly transports: readonly Transport[];
  /** Where the transport that worked is remembered for the next page; the platform's `localStorage` when absent. */
  readonly memory?: Memory;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** What the operators see this client called. */
  readonly name?: string;
  /**
   * True, which is meant when absent: nobody stands by, so after a final close code the client goes on trying, slowly.
   * False: it is `closed` then.
   */
  readonly unattended?: boolean;
  /** Hears what a callback of yours threw. Nothing else notices it. */
  readonly failed?: (failure: unknown) => void;
}

export interface PublishOptions {
  /** The kind's first operation when absent. */
  readonly op?: Operation;
  /** The kind that the topic gets when it does not exist yet; when it does, it must be this. */
  readonly kind?: TopicKind;
  /** When it was seen, ms since 1970; when the server gets it when absent. */
  readonly at?: number;
  /**
   * Names this publication: as long as the server remembers the key, publishing it again changes nothing and answers
   * where it already is.
   */
  readonly key?: string;
}

export interface HistoryOptions {
  readonly since?: Since;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** What a client has been through, for its page's own pulse. */
export interface ClientCounts {
  /** Sessions after the first. */
  readonly reconnects: number;
  /** Times that a topic was asked for again, since what came did not continue what was held. */
  readonly resyncs: number;
  /** Pushes that were dropped, since they were held already. */
  readonly duplicates: number;
  /** Callbacks of the page that threw. */
  readonly failures: number;
}

/** A live link to one server. Whoever creates it closes it. */
export interface Client extends TopicReader {
  /**
   * Publishes, and resolves with the position once the server keeps it.
   *
   * Without a link it waits for one; beyond 64 that wait, or 30 s, it rejects with `busy` and `detail.outcome`
   * `not_sent`. When the link breaks before the answer, or there is none for 15 s, it rejects with `busy` and
   * `detail.outcome` `unknown`: the publication may be there or not, so repeat only what may be there twice, or has a
   * `key`. One with a `key` is repeated by the client when the link breaks, for 45 s and as one of the 64 that wait, and
   * is there exactly once then. Rejects with `not_available` once the client is closed, and otherwise with what the
   * server said.
   */
  publish(topic: string, data: JsonValue, options?: PublishOptions): Promise<Position>;
  /** A page of what is kept. Rejects as `publish` does. */
  history(topic: string, options?: HistoryOptions): Promise<HistoryReply>;
  /** Who follows a topic now. To be told of changes, follow it with `presence`. Rejects as `publish` does. */
  presence(topic: string): Promise<Presence>;
  follow<Value = JsonValue | TimeColumns>(
    topic: string,
    options: FollowOptions,
    changed: (replica: TopicReplica<Value>) => void,
  ): Following;
  /**
   * As `follow`, push by push: each one once, right after the replica took it in. Of a `log` that others follow from
   * elsewhere the replica may be further; where this one is, `placeAfter` says.
   */
  watch<Value = JsonValue | TimeColumns>(
    topic: string,
    options: FollowOptions,
    pushed: (push: PushFrame, replica: TopicReplica<Value>) => void,
  ): Following;
  /**
   * Nothing comes more often than this until it is called again; as often as it is asked for when absent. For a page that
   * nobody sees: nothing is lost by it, and what is held catches up.
   */
  pace(mostHz?: number): void;
  /**
   * Somebody says that the network is back or gone, or the machine awake: the next try does not wait, and a live link has to
   * prove itself at once.
   */
  online(): void;
  /** Takes no more commands, waits for those under way (at most a minute), and closes. */
  drain(): Promise<void>;
  /** Lets go of everything now; commands under way reject. Nothing is called back after it but the last status. */
  close(): void;
  readonly counts: ClientCounts;
}

/**
 * A client that connects at once and stays connected: after each break it is back by itself, and every topic goes on
 * where it was, or says that it could not.
 *
 * @throws RangeError when there is no transport
 */
export function createClient(options: ClientOptions): Client {
  return new TidewallClient(options);
}

class TidewallClient implements Client {
  readonly counts = { reconnects: 0, resyncs: 0, duplicates: 0, failures: 0 };
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #commands: Commands;
  readonly #subscriptions: Subscriptions;
  readonly #pace = new Pace();
  readonly #statusListeners = new Set<(status: LinkStatus) => void>();
  #status: LinkStatus = { type: 'connecting', attempt: 0 };
  #sessions = 0;
  /** While a greeting is made: what goes out with it. */
  #lines: string[] | undefined;

  constructor(options: ClientOptions) {
    const { clock = systemClock, random = Math.random, unattended = true } = options;
    const given = { ...options, clock, random, unattended };
    this.#options = options;
    this.#clock = clock;
    this.#link = new Link(given, {
      greet: () => this.#greet(),
      pushed: (push) => this.#subscriptions.pushed(push),
      replied: (id, body) => {
        if (id === REFRESH_ID) this.#refreshed(body['error']);
        else this.#commands.replied(id, body);
      },
      flushed: () => this.#subscriptions.flushed(),
      up: (greeting) => this.#up(greeting),
      down: () => this.#down(),
      changed: (state) => this.#setStatus(this.#statusOf(state)),
    });
    this.#commands = new Commands({
      clock,
      send: (line) => {
        if (this.#lines) this.#lines.push(line);
        else this.#link.send(line);
      },
      unanswered: (name) => this.#link.fault(`the server does not answer a ${name} command`),
    });
    this.#subscriptions = new Subscriptions({
      ...given,
      mostHz: undefined,
      isUp: () => this.#link.carries,
      bookMs: () => this.#pace.book(clock.monotonic()),
      post: (name, body, answered) => this.#commands.post(name, body, answered),
      serverNow: () => this.serverNow(),
      unrecovered: () => {
        if (this.#status.type === 'live' && this.#status.recovered)
          this.#setStatus({ ...this.#status, recovered: false });
      },
      fault: (reason) => this.#link.fault(reason),
      failed: (failure) => this.#failed(failure),
      counts: this.counts,
    });
    this.#link.dispatch({ type: 'due' });
  }

  get status(): LinkStatus {
    return this.#status;
  }

  onStatus(changed: (status: LinkStatus) => void): () => void {
    const listener = (status: LinkStatus) => changed(status);
    this.#statusListeners.add(listener);
    this.#guarded(() => listener(this.#status));
    return () => void this.#statusListeners.delete(listener);
  }

  serverNow(): number {
    return this.#link.serverNow();
  }

  // What a topic is known to hold is a word between the page and the compiler.
  follow<Value>(topic: string, options: FollowOptions, changed: (replica: TopicReplica<Value>) => void): Following {
    return this.#follow(topic, { options, changed: changed as Follower['changed'], told: new Map() });
  }

  watch<Value>(
    topic: string,
    options: FollowOptions,
    pushed: (push: PushFrame, replica: TopicReplica<Value>) => void,
  ): Following {
    return this.#follow(topic, { options, pushed: pushed as Follower['pushed'], told: new Map() });
  }

  publish(topic: string, data: JsonValue, options: PublishOptions = {}): Promise<Position> {
    const repeatable = options.key !== undefined;
    return this.#commands.call('publish', { topic, ...options, data }, { read: positionOf, repeatable });
  }

  history(topic: string, options: HistoryOptions = {}): Promise<HistoryReply> {
    return this.#commands.call('history', { topic, ...options }, { read: historyReplyOf });
  }

  presence(topic: string): Promise<Presence> {
    return this.#commands.call('presence', { topic }, { read: presenceOf });
  }

  pace(mostHz?: number): void {
    this.#subscriptions.pace(mostHz);
  }

  online(): void {
    this.#link.dispatch({ type: 'online' });
  }

  async drain(): Promise<void> {
    await this.#commands.drain('the client is closing');
    this.close();
  }

  close(): void {
    this.#subscriptions.close();
    this.#commands.close('the client is closed');
    this.#link.dispatch({ type: 'stop' });
    this.#statusListeners.clear();
  }

  #follow(topic: string, follower: Follower): Following {
    // Whoever is late to know that the client is closed has nothing to clean up.
    if (this.#status.type === 'closed') return following(follower);
    return this.#subscriptions.follow(topic, follower);
  }

  #greet(): void {
    const { name } = this.#options;
    this.#pace.restart();
    this.#pace.book(this.#clock.monotonic());
    // Subscribing right behind connecting saves a round trip, and the whole wall comes back in one frame.
    const lines: string[] = [];
    this.#lines = lines;
    const connect = { version: PROTOCOL_VERSION, codec: 'json', name };
    this.#commands.post('connect', connect, (answer) => this.#link.greeted(answer));
    this.#subscriptions.up();
    this.#lines = undefined;
    this.#link.send(lines.join('\n'));
  }

  #up({ limits }: Greeting): void {
    if (limits) this.#pace.limit(limits);
    if (this.#sessions++ > 0) this.counts.reconnects += 1;
    this.#commands.up();
  }

  /** Newer credentials were shown, and taken or not: the session goes on by those before. */
  #refreshed(error: JsonValue | undefined): void {
    const refused = error === undefined ? error : TidewallError.fromBody(error).message;
    if (this.#status.type === 'live' && this.#status.refused !== refused) this.#setStatus({ ...this.#status, refused });
  }

  #down(): void {
    this.#subscriptions.down();
    this.#commands.down();
  }

  #statusOf(state: ConnectionState): LinkStatus {
    switch (state.type) {
      case 'opening':
      case 'greeting':
        return { type: 'connecting', attempt: state.attempt };
      case 'live':
        return { type: 'live', session: state.session, since: this.#clock.now(), recovered: true };
      case 'waiting': {
        const retryAfterMs = Math.max(0, state.retryAt - this.#clock.monotonic());
        const retryAt = this.#clock.now() + retryAfterMs;
        return { type: 'waiting', attempt: state.attempt, retryAt, retryAfterMs, reason: state.reason };
      }
      case 'closed':
        return { type: 'closed', code: state.code, reason: state.reason };
    }
  }

  #setStatus(status: LinkStatus): void {
    // Opening and greeting are one thing to a reader.
    if (status.type === 'connecting' && this.#status.type === 'connecting') return;
    this.#status = status;
    for (const listener of this.#statusListeners) this.#guarded(() => listener(status));
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #failed(failure: unknown): void {
    this.counts.failures += 1;
    try {
      this.#options.failed?.(failure);
    } catch {
      // Whoever reports failures has nowhere to report its own.
    }
  }
}
