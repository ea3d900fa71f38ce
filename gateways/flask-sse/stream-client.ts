import type { ServerResponse } from 'node:http';
import type { Encoding, GatewayContext, Outlet, Principal, Session } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName, type TopicName } from '@tidewall/protocol';
import type { Connection, Connections } from '../native/index.ts';
import { EventStream } from '../sse/event-stream.ts';
import type { DirectWrites } from '../websocket/direct-writes.ts';

/** Tells proxies and pages that the stream has begun. */
const FIRST = ':\n\n';
/** A connection that ended without a word. */
const GONE = 1006;
/** How soon a page that is not sent away for longer comes back. */
const SOON_MS = 1000;

export interface StreamClientOptions {
  readonly context: GatewayContext;
  readonly connections: Connections;
  readonly encoding: Encoding;
  readonly direct: DirectWrites;
  readonly response: ServerResponse;
  /** In [0, 1): where in a window this one comes back. */
  readonly share: number;
  /** It is gone, and is told once. */
  gone(client: StreamClient): void;
}

/** One page that follows one channel, from its first event to the end of its connection. */
export class StreamClient implements Outlet, Connection {
  readonly encoding: Encoding;
  readonly #options: StreamClientOptions;
  #session: Session | undefined;
  #stream: EventStream | undefined;
  #view: number | undefined;
  #closed: number | undefined;

  constructor(options: StreamClientOptions) {
    this.#options = options;
    this.encoding = options.encoding;
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
  async follow(principal: Principal, topic: TopicName): Promise<void> {
    const { context, connections, response } = this.#options;
    connections.add(this);
    try {
      this.#session = context.hub.open(principal, this);
      response.once('close', () => this.#gone());
      // Its pages keep nothing: a patch of a state, or some rows of a table, would mean nothing to them.
      await this.#session.subscribe({ topic, whole: 'value' }, (reply) => {
        this.#view = reply.topic;
        this.#begin();
      });
    } catch (failure) {
      this.#gone();
      throw failure;
    }
  }

  write(frames: readonly Uint8Array[]): boolean {
    const [first] = frames;
    const bytes = frames.length === 1 && first !== undefined ? first : Buffer.concat(frames);
    return this.#stream?.write(bytes) ?? false;
  }

  takenBytes(): number {
    return this.#stream?.takenBytes() ?? 0;
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(name: CloseName, _reason: string, afterMs?: readonly [number, number]): void {
    this.#closed ??= CLOSE_CODES[name].code;
    const [least, most] = afterMs ?? [SOON_MS, SOON_MS];
    this.#stream?.end(retryText(Math.round(least + (most - least) * this.#options.share)));
    if (this.#stream === undefined) this.#gone();
  }

  cut(): void {
    this.#stream?.cut();
  }

  sweep(): void {
    this.#stream?.sweep(this.#options.context.clock.monotonic());
  }

  #begin(): void {
    const { context, connections, direct, response } = this.#options;
    this.#stream = new EventStream({
      ...{ context, direct, response, first: FIRST, metrics: connections.metrics },
      drained: () => this.#session?.drained(),
      gone: () => this.#gone(),
    });
  }

  #gone(): void {
    const { connections, gone } = this.#options;
    connections.delete(this);
    gone(this);
    if (this.#session === undefined) return;
    this.#session.end();
    this.#session = undefined;
    connections.metrics.closed(this.#closed ?? GONE);
  }
}

/** A page comes back after so long; without anything else there is no event in it. */
export function retryText(ms: number): string {
  return `retry:${ms}\n\n`;
}
