import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Encoding, GatewayContext, Outlet, Principal, Session, SubscribeRequest } from '@tidewall/contracts';
import type { CloseName } from '@tidewall/protocol';
import type { Cursor } from '../http/cursor.ts';
import { type Followed, followTopics } from '../http/follow-topics.ts';
import { openSession } from '../http/open-session.ts';
import type { Connection } from '../native/connections.ts';
import type { GatewayMetrics } from '../native/index.ts';
import { HeldRequest } from './held-request.ts';
import { cursorLine, splitCursor } from './line-encoding.ts';

export interface TopicPollOptions {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly response: ServerResponse;
  readonly wanted: readonly SubscribeRequest[];
  readonly cursor: Cursor | undefined;
  readonly waitMs: number;
  gone(poll: TopicPoll): void;
}

/**
 * One request that follows topics until there is news of any. It is a session of the hub for as long as it lasts;
 * nothing is remembered of its client, whose next request may go to another server that has the same topics.
 */
export class TopicPoll implements Outlet, Connection {
  readonly encoding: Encoding;
  readonly #options: TopicPollOptions;
  #session: Session | undefined;
  #followed: Followed | undefined;
  #held: HeldRequest | undefined;
  #lines: Buffer[] = [];
  #sizeBytes = 0;
  #written: Cursor = new Map();
  #over = false;

  constructor(options: TopicPollOptions) {
    this.#options = options;
    this.encoding = options.encoding;
    // Whoever goes away while it is opening is noticed too.
    options.response.once('close', () => this.#end());
  }

  /** @throws TidewallError when a topic is refused, or the session; nothing has been answered then */
  async open(): Promise<void> {
    const { context, principal, wanted, cursor, response, waitMs } = this.#options;
    const full = () => this.#sizeBytes >= context.limits.highWaterBytes;
    try {
      this.#session = openSession(context, principal, this);
      // Any of them may fill the answer; so that each has its turn, it begins anywhere.
      const first = randomInt(Math.max(1, wanted.length));
      const followed = await followTopics(this.#session, { wanted, cursor, full, first });
      if (this.#over) return;
      this.#followed = followed;
      const late = () => this.#answer();
      const gone = () => this.#end();
      this.#held = new HeldRequest({ response, clock: context.clock, waitMs, late, gone });
      if (followed.news || this.#sizeBytes > 0 || waitMs === 0) this.#answer();
    } catch (failure) {
      this.#end();
      throw failure;
    }
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (this.#over) return true;
    const { lines, cursor } = splitCursor(Buffer.concat(frames));
    this.#lines.push(lines);
    this.#sizeBytes += lines.length;
    this.#written = cursor ?? this.#written;
    this.#answer();
    return this.#over || this.#sizeBytes < this.#options.context.limits.highWaterBytes;
  }

  takenBytes(): number {
    return 0;
  }

  /** It is answered with what there is: whoever asks again is told then. */
  close(_name: CloseName, _reason: string): void {
    this.#answer();
    if (!this.#over) this.cut();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  cut(): void {
    this.#held?.cut();
    this.#options.response.destroy();
    this.#end();
  }

  sweep(): void {
    // Its time is that of the request.
  }

  #answer(): void {
    if (this.#followed === undefined || this.#held === undefined || this.#over) return;
    const { replies, cursorAfter } = this.#followed;
    const cursor = cursorAfter(this.#written);
    const answers = Buffer.from(replies.map((line) => `${line}\n`).join(''));
    const body = Buffer.concat([answers, ...this.#lines, Buffer.from(cursorLine(cursor))]);
    this.#options.metrics.tally.bytesWritten += body.length;
    this.#held.answer(body, cursor);
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#lines = [];
    this.#session?.end();
    this.#options.gone(this);
  }
}
