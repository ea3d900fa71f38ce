import type { ServerResponse } from 'node:http';
import type { GatewayContext } from '@tidewall/contracts';
import { EventStream, type StreamOptions } from './event-stream.ts';

/*
 *            begin                 its life is over, and all of it is taken
 *   away ─────────────▶ streaming ──────────────────────────────────────────▶ away
 *    │                      │
 *    │ RETURN_MS, end       │ end, the socket's end
 *    └──────────▶ over ◀────┘
 *
 * A client that only reads cannot be asked whether it is there. So each of its streams ends after a while: whoever is there
 * comes back by itself, and finds all that was written meanwhile.
 */

/** How long a client whose stream has ended is waited for. */
const RETURN_MS = 10_000;
/** So much of its time a stream may live longer or shorter, so that those who came together do not come back together. */
const SPREAD = 0.1;

export interface TurningStreamOptions extends Omit<StreamOptions, 'response' | 'first' | 'gone'> {
  readonly context: GatewayContext;
  /** How long one stream lives, ms. */
  readonly lifeMs: number;
  /** What a stream ends with whose client shall come back. */
  turned(): string;
  /** Nobody is there any more; called once. */
  gone(why: Absence): void;
}

/** Why nobody is there: the socket has ended, or the client has not come back. */
export type Absence = 'ended' | 'stayed_away';

/** How long one of many streams lives. @param share in [0, 1): where it is between the shortest life and the longest */
export function lifeMsOf(maxAgeMs: number, share: number): number {
  return maxAgeMs * (1 + SPREAD * (2 * share - 1));
}

/** What goes down to one client, by one stream after the other; up to high water is kept while it has none. */
export class TurningStream {
  readonly #options: TurningStreamOptions;
  #stream: EventStream | undefined;
  /** Streams that have ended, and their sockets not yet. */
  readonly #ending = new Set<EventStream>();
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** When the stream has lived for its time, monotonic. */
  #turnsAt = 0;
  /** Since when its client is waited for; undefined before the first stream, which its gateway waits for itself. */
  #awaySince: number | undefined;
  #over = false;
  #told = false;

  constructor(options: TurningStreamOptions) {
    this.#options = options;
  }

  /** Above high water; `drained` is called when it is no more. */
  get congested(): boolean {
    return this.#stream?.congested ?? this.#keptBytes >= this.#options.context.limits.highWaterBytes;
  }

  /** Writes finished events, as one write. False: above high water. */
  write(bytes: Uint8Array): boolean {
    if (this.#over) return false;
    if (this.#stream !== undefined) return this.#stream.write(bytes);
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    return !this.congested;
  }

  takenBytes(): number {
    return this.#stream?.takenBytes() ?? 0;
  }

  /** The client is there: answers it with a stream. @param first makes its first events, from those that were kept */
  begin(response: ServerResponse, first: (kept: readonly Uint8Array[]) => Buffer): void {
    const { context, lifeMs, drained, gone: _, ...shared } = this.#options;
    const wasFull = this.congested;
    const stream: EventStream = new EventStream({
      ...{ ...shared, context, response, first: first(this.#kept), drained: () => drained() },
      gone: () => this.#ended(stream),
    });
    this.#kept = [];
    this.#keptBytes = 0;
    this.#stream = stream;
    this.#awaySince = undefined;
    this.#turnsAt = context.clock.monotonic() + lifeMs;
    // What was more than could be kept was refused, and may come now.
    if (wasFull && !stream.congested) drained();
  }

  /** Ends it for good, with these events if somebody can be reached. Again: does nothing. */
  end(last: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#kept = [];
    if (this.#stream === undefined) this.#leave('ended');
    else this.#finish(last);
  }

  /** Ends it without a word. */
  cut(): void {
    for (const stream of this.#ending) stream.cut();
    if (this.#stream !== undefined) this.#stream.cut();
    else this.end('');
  }

  /** Called about once a second. */
  sweep(now: number): void {
    for (const stream of this.#ending) stream.sweep(now);
    if (this.#over) return;
    this.#stream?.sweep(now);
    if (this.#stream !== undefined && this.#mayTurn(this.#stream, now)) {
      this.#awaySince = now;
      this.#finish(this.#options.turned());
    } else if (this.#awaySince !== undefined && now - this.#awaySince >= RETURN_MS) {
      this.#leave('stayed_away');
    }
  }

  /** Who reads slowly is there, and what waits for it would not arrive; but little may wait for somebody who is gone. */
  #mayTurn(stream: EventStream, now: number): boolean {
    const lateMs = now - this.#turnsAt;
    if (lateMs < 0 || stream.congested) return false;
    return stream.settled || lateMs >= this.#options.context.limits.noProgressMs;
  }

  #finish(last: string): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream === undefined) return;
    this.#ending.add(stream);
    stream.end(last);
  }

  /** The socket of a stream is gone. */
  #ended(stream: EventStream): void {
    this.#ending.delete(stream);
    if (stream === this.#stream || (this.#over && this.#ending.size === 0)) this.#leave('ended');
  }

  #leave(why: Absence): void {
    this.#over = true;
    this.#stream = undefined;
    this.#kept = [];
    // Nobody looks after them from here on.
    for (const stream of this.#ending) stream.cut();
    if (this.#told) return;
    this.#told = true;
    this.#options.gone(why);
  }
}
