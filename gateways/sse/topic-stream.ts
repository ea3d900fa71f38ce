import type { Encoding, Outlet, Principal, Session, SubscribeRequest } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName, mayReconnect } from '@tidewall/protocol';
import type { Cursor } from '../http/cursor.ts';
import { type Followed, followTopics } from '../http/follow-topics.ts';
import { openSession } from '../http/open-session.ts';
import type { Connection } from '../native/connections.ts';
import { createLastWord } from '../native/index.ts';
import { closedEvent, eventOf, lastCursorIn, lastEventOf } from './event-encoding.ts';
import { EventStream, type StreamOptions } from './event-stream.ts';

/*
 *             every topic is followed              close, an ended topic
 *   opening ───────────────────────────▶ streaming ───────────────────────▶ ended
 *      │                                    │ the socket's end                 ▲
 *      └── refused, close ──────────────────┴──────────────────────────────────┘
 *
 * While it is opening nothing has been answered yet, so that a refusal can have a status of its own. What the hub
 * writes meanwhile is kept, up to high water.
 */

/** RFC 6455, 7.1.5: there was no goodbye. */
const ABNORMAL = 1006;

export interface TopicStreamOptions extends Omit<StreamOptions, 'first' | 'drained' | 'gone'> {
  readonly encoding: Encoding;
  readonly principal: Principal;
  readonly wanted: readonly SubscribeRequest[];
  readonly cursor: Cursor | undefined;
  /** Events that come before all others. */
  readonly head: string;
  gone(stream: TopicStream): void;
}

/** A client that follows topics by one request and says nothing more. */
export class TopicStream implements Outlet, Connection {
  readonly encoding: Encoding;
  readonly #options: TopicStreamOptions;
  #session: Session | undefined;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #stream: EventStream | undefined;
  #views: ReadonlySet<number> = new Set();
  /** Views that ended while it was opening; some may have been its own. */
  #endedViews = new Set<number>();
  #over = false;

  constructor(options: TopicStreamOptions) {
    this.#options = options;
    this.encoding = options.encoding;
    // Whoever goes away while it is opening is noticed too.
    options.response.on('close', () => this.#gone());
  }

  /**
   * Follows the topics and begins to answer.
   *
   * @throws TidewallError when a topic is refused, or the session; nothing has been answered then
   */
  async open(): Promise<void> {
    const { context, principal, wanted, cursor } = this.#options;
    const full = () => this.#keptBytes >= context.limits.highWaterBytes;
    try {
      this.#session = openSession(context, principal, this);
      const followed = await followTopics(this.#session, { wanted, cursor, full });
      if (!this.#over) this.#begin(followed);
    } catch (failure) {
      this.#end(undefined);
      throw failure;
    }
  }

  write(frames: readonly Uint8Array[]): boolean {
    if (this.#over) return false;
    const [first] = frames;
    const bytes = closedEvent(frames.length === 1 && first !== undefined ? first : Buffer.concat(frames));
    if (this.#stream !== undefined) return this.#stream.write(bytes);
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    return this.#keptBytes < this.#options.context.limits.highWaterBytes;
  }

  takenBytes(): number {
    return this.#stream?.takenBytes() ?? 0;
  }

  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void {
    if (this.#over) return;
    const { code } = CLOSE_CODES[name];
    const word = createLastWord(this.#options.context.clock)(name, reason, afterMs);
    if (this.#stream === undefined) this.#options.response.destroy();
    else this.#stream.end(lastEventOf(word, mayReconnect(code), afterMs));
    this.#end(code);
  }

  /**
   * The hub has ended a view. When it is one of its own, the stream ends, and the client comes back for all of its topics
   * at once; there is no other way in which it could ask for that one again.
   */
  viewEnded(view: number): void {
    if (this.#stream === undefined) this.#endedViews.add(view);
    else if (this.#views.has(view)) this.#restart();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  cut(): void {
    if (this.#stream === undefined) this.#options.response.destroy();
    else this.#stream.cut();
  }

  sweep(): void {
    this.#stream?.sweep(this.#options.context.clock.monotonic());
  }

  #begin({ replies, views, cursorAfter }: Followed): void {
    const { context, head } = this.#options;
    const begun = Buffer.concat([Buffer.from(head + replies.map(eventOf).join('')), ...this.#kept]);
    const cursor = cursorAfter(lastCursorIn(begun) ?? new Map());
    this.#kept = [];
    this.#views = views;
    this.#stream = new EventStream({
      ...this.#options,
      // The id of the last event, so that who is cut right behind it comes back to where it is.
      first: Buffer.concat([begun.subarray(0, -1), Buffer.from(`id: ${cursor}\n\n`)]),
      drained: () => this.#session?.drained(),
      gone: () => this.#gone(),
    });
    const restarts = [...this.#endedViews].some((view) => views.has(view));
    this.#endedViews.clear();
    if (restarts) this.#restart();
    // What was more than could be kept was refused, and may come now.
    else if (this.#keptBytes >= context.limits.highWaterBytes && !this.#stream.congested) this.#session?.drained();
  }

  #restart(): void {
    this.#stream?.end('');
    this.#end(CLOSE_CODES.state_invalidated.code);
  }

  #gone(): void {
    this.#end(ABNORMAL);
    this.#options.gone(this);
  }

  /** @param code undefined: it never was a connection */
  #end(code: number | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#kept = [];
    if (code !== undefined) this.#options.metrics.closed(code);
    this.#session?.end();
  }
}
