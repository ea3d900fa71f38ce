import type { ServerResponse } from 'node:http';
import type { Encoding, GatewayContext, Outlet, Principal, Session } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName, type TopicName } from '@tidewall/protocol';
import { openSession } from '../http/open-session.ts';
import type { Connection, Connections } from '../native/index.ts';
import { backAgainEvent, comeBackEvent } from '../sse/event-encoding.ts';
import { type Returner, withoutWord } from '../sse/returning.ts';
import { type Absence, TurningStream } from '../sse/turning-stream.ts';
import type { DirectWrites } from '../websocket/direct-writes.ts';
import type { LastIds } from './last-ids.ts';

/** Tells proxies and pages that the stream has begun. */
const FIRST = ':\n\n';
/** A connection that ended without a word. */
const GONE = 1006;
/** How soon a page that is not sent away for longer comes back. */
const SOON_MS = 1000;
/** When browsers come back whom nobody has told another time. */
const BROWSERS_MS = 3000;

export interface StreamClientOptions {
  readonly context: GatewayContext;
  readonly connections: Connections;
  readonly encoding: Encoding;
  readonly direct: DirectWrites;
  readonly principal: Principal;
  readonly topic: TopicName;
  readonly response: ServerResponse;
  readonly lastIds: LastIds;
  /** The id that the page came with: of an event of a stream before, '' when it has none. */
  readonly id: string;
  /** In [0, 1): where in a window this one comes back. */
  readonly share: number;
  /** How long one of its streams lives. */
  readonly lifeMs: number;
  /** Its stream ends, and it shall come back. Returns the id for that. */
  leaves(client: StreamClient): string;
  /** It is gone, and is told once. */
  gone(client: StreamClient): void;
}

/** One page that follows one channel, over all streams that it is given. */
export class StreamClient implements Outlet, Connection, Returner {
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly asked: TopicName;
  readonly #options: StreamClientOptions;
  readonly #stream: TurningStream;
  #session: Session | undefined;
  #view: number | undefined;
  #closed: number | undefined;
  /** As the page has it, once it has read everything, but for what we have put there ourselves. */
  #lastId: string;
  /** The same when its stream ended. */
  #lastIdThen = '';

  constructor(options: StreamClientOptions) {
    const { context, connections, direct, encoding, principal, topic, lifeMs, id } = options;
    this.#options = options;
    this.encoding = encoding;
    this.principal = principal;
    this.asked = topic;
    this.#lastId = withoutWord(id);
    this.#stream = new TurningStream({
      ...{ context, direct, lifeMs, metrics: connections.metrics },
      drained: () => this.#session?.drained(),
      turned: () => this.#turned(),
      gone: (why) => this.#gone(why),
    });
  }

  /** The number of what it follows, once it does. */
  get view(): number | undefined {
    return this.#view;
  }

  /**
   * Follows the topic, and answers the request with its stream.
   *
   * @throws TidewallError when the hub refuses it; nothing has been answered then
   */
  async follow(): Promise<void> {
    const { context, connections, response, id } = this.#options;
    connections.add(this);
    try {
      this.#session = openSession(context, this.principal, this);
      response.once('close', () => {
        if (this.#view === undefined) this.#stream.cut();
      });
      // Its pages keep nothing: a patch of a state, or some rows of a table, would mean nothing to them.
      await this.#session.subscribe({ topic: this.asked, whole: 'value' }, (reply) => {
        this.#view = reply.topic;
        // Who has waited for too long has been told to come back all the same.
        this.#begin(response, id === this.#lastId ? FIRST : backAgainEvent(this.#lastId, BROWSERS_MS));
      });
    } catch (failure) {
      this.#stream.cut();
      throw failure;
    }
  }

  /** Its page is back, and is sent what it has not been sent. */
  resume(response: ServerResponse): void {
    this.#begin(response, backAgainEvent(this.#lastIdThen, BROWSERS_MS));
  }

  write(frames: readonly Uint8Array[]): boolean {
    const [first] = frames;
    const bytes = frames.length === 1 && first !== undefined ? first : Buffer.concat(frames);
    this.#lastId = this.#options.lastIds.in(bytes) ?? this.#lastId;
    return this.#stream.write(bytes);
  }

  takenBytes(): number {
    return this.#stream.takenBytes();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(name: CloseName, _reason: string, afterMs?: readonly [number, number]): void {
    this.#closed ??= CLOSE_CODES[name].code;
    const [least, most] = afterMs ?? [SOON_MS, SOON_MS];
    this.#stream.end(retryText(Math.round(least + (most - least) * this.#options.share)));
  }

  cut(): void {
    this.#stream.cut();
  }

  sweep(): void {
    this.#stream.sweep(this.#options.context.clock.monotonic());
  }

  #begin(response: ServerResponse, head: string): void {
    this.#stream.begin(response, (kept) => Buffer.concat([Buffer.from(head), ...kept]));
  }

  #turned(): string {
    this.#lastIdThen = this.#lastId;
    return comeBackEvent(this.#options.leaves(this));
  }

  #gone(why: Absence): void {
    const { connections, gone } = this.#options;
    connections.delete(this);
    gone(this);
    if (this.#session === undefined) return;
    this.#session.end();
    this.#session = undefined;
    connections.metrics.closed(this.#closed ?? (why === 'ended' ? GONE : CLOSE_CODES.no_pong.code));
  }
}

/** A page comes back after so long; without anything else there is no event in it. */
export function retryText(ms: number): string {
  return `retry:${ms}\n\n`;
}
