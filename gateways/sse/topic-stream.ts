import type { ServerResponse } from 'node:http';
import type { Encoding, Outlet, Principal, Session, SubscribeRequest } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName, mayReconnect } from '@tidewall/protocol';
import type { Cursor } from '../http/cursor.ts';
import { type Followed, followTopics } from '../http/follow-topics.ts';
import { openSession } from '../http/open-session.ts';
import type { Connection } from '../native/connections.ts';
import { createLastWord } from '../native/index.ts';
import { closedEvent, comeBackEvent, eventOf, lastCursorIn, lastEventOf } from './event-encoding.ts';
import type { Returner } from './returning.ts';
import { type Absence, TurningStream, type TurningStreamOptions } from './turning-stream.ts';

/*
 *             every topic is followed               its time is up, back again
 *   opening ───────────────────────────▶ streaming ◀──────────────────────────▶ away
 *      │                                    │ close, an ended topic              │
 *      │ refused, close                     │ the socket's end                   │ nobody comes back
 *      └────────────────────────────────────┴──────────▶ ended ◀─────────────────┘
 *
 * While it is opening nothing has been answered yet, so that a refusal can have a status of its own. What the hub
 * writes meanwhile is kept, up to high water.
 */

/** RFC 6455, 7.1.5: there was no goodbye. */
const ABNORMAL = 1006;

export interface TopicStreamOptions extends Omit<TurningStreamOptions, 'drained' | 'turned' | 'gone'> {
  readonly response: ServerResponse;
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly wanted: readonly SubscribeRequest[];
  readonly cursor: Cursor | undefined;
  /** Events that come before all others of a stream. */
  head(): string;
  /** Its stream ends, and it shall come back. Returns what the id of its last event ends with. */
  leaves(stream: TopicStream): string;
  gone(stream: TopicStream): void;
}

/** A client that follows topics by one request and says nothing more, over all streams that it is given. */
export class TopicStream implements Outlet, Connection, Returner {
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly asked: string;
  readonly #options: TopicStreamOptions;
  readonly #stream: TurningStream;
  #session: Session | undefined;
  /** Once every topic is followed. */
  #followed: Followed | undefined;
  /** Views that ended while it was opening; some may have been its own. */
  #endedViews = new Set<number>();
  #over = false;

  constructor(options: TopicStreamOptions) {
    const { response, encoding, principal, wanted } = options;
    this.#options = options;
    this.encoding = encoding;
    this.principal = principal;
    this.asked = askedFor(wanted);
    this.#stream = new TurningStream({
      ...options,
      drained: () => this.#session?.drained(),
      turned: () => this.#turned(),
      gone: (why) => this.#gone(why),
    });
    // Whoever goes away while it is opening is noticed too.
    response.once('close', () => {
      if (this.#followed === undefined) this.#stream.cut();
    });
  }

  /**
   * Follows the topics and begins to answer.
   *
   * @throws TidewallError when a topic is refused, or the session; nothing has been answered then
   */
  async open(): Promise<void> {
    const { context, principal, wanted, cursor, response } = this.#options;
    const full = () => this.#stream.congested;
    try {
      this.#session = openSession(context, principal, this);
      const followed = await followTopics(this.#session, { wanted, cursor, full });
      if (this.#over) return;
      const restarts = [...this.#endedViews].some((view) => followed.views.has(view));
      this.#endedViews.clear();
      this.#begin(response, followed);
      if (restarts) this.#restart();
    } catch (failure) {
      this.#end(undefined);
      throw failure;
    }
  }

  /** Its client is back: it is told again what it follows, and goes on where it was. */
  resume(response: ServerResponse): void {
    if (this.#followed !== undefined) this.#begin(response, this.#followed);
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (this.#over) return false;
    const [first] = frames;
    return this.#stream.write(closedEvent(frames.length === 1 && first !== undefined ? first : Buffer.concat(frames)));
  }

  takenBytes(): number {
    return this.#stream.takenBytes();
  }

  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void {
    if (this.#over) return;
    const { code } = CLOSE_CODES[name];
    const word = createLastWord(this.#options.context.clock)(name, reason, afterMs);
    if (this.#followed === undefined) this.#options.response.destroy();
    this.#end(code);
    this.#stream.end(lastEventOf(word, mayReconnect(code), afterMs));
  }

  /**
   * The hub has ended a view. When it is one of its own, the stream ends, and the client comes back for all of its topics
   * at once; there is no other way in which it could ask for that one again.
   */
  viewEnded(view: number): void {
    if (this.#followed === undefined) this.#endedViews.add(view);
    else if (this.#followed.views.has(view)) this.#restart();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  cut(): void {
    if (this.#followed === undefined) this.#options.response.destroy();
    this.#stream.cut();
  }

  sweep(): void {
    this.#stream.sweep(this.#options.context.clock.monotonic());
  }

  #begin(response: ServerResponse, followed: Followed): void {
    this.#followed = followed;
    this.#stream.begin(response, (kept) => {
      const begun = Buffer.concat([
        Buffer.from(this.#options.head() + followed.replies.map(eventOf).join('')),
        ...kept,
      ]);
      const cursor = followed.cursorAfter(lastCursorIn(begun) ?? new Map());
      // The id of the last event, so that who is cut right behind it comes back to where it is.
      return Buffer.concat([begun.subarray(0, -1), Buffer.from(`id: ${cursor}\n\n`)]);
    });
  }

  #turned(): string {
    const followed = this.#followed?.again(this.#session?.standing() ?? []);
    this.#followed = followed;
    return comeBackEvent(`${followed?.cursorAfter(new Map())}${this.#options.leaves(this)}`);
  }

  #restart(): void {
    this.#end(CLOSE_CODES.state_invalidated.code);
    this.#stream.end('');
  }

  #gone(why: Absence): void {
    this.#end(why === 'ended' ? ABNORMAL : CLOSE_CODES.no_pong.code);
    this.#options.gone(this);
  }

  /** @param code undefined: it never was a connection */
  #end(code: number | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (code !== undefined) this.#options.metrics.closed(code);
    this.#session?.end();
  }
}

/** The same for those who ask for the same. */
export function askedFor(wanted: readonly SubscribeRequest[]): string {
  return JSON.stringify(wanted);
}
