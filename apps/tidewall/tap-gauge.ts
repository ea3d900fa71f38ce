import type { PushFrame } from '@tidewall/protocol';
import { linesOf, type Replica } from './subscription-lines.ts';

/** What was counted over so many of the newest seconds is averaged. */
const SECONDS = 5;
/** A longer value is shortened anyway, whatever the terminal. */
const MOST_NEWEST = 1000;

interface Second {
  publications: number;
  bytes: number;
}

/** What goes through one topic, second by second. */
export class TapGauge {
  /** As the newest push or news has it. */
  replica: Replica;
  /** Of the newest push; 0 before the first. */
  offset = 0;
  /** What the newest push brought, as JSON; '' before the first. */
  newest = '';
  #seconds: Second[] = [];
  #now: Second = { publications: 0, bytes: 0 };

  constructor(replica: Replica) {
    this.replica = replica;
  }

  take(push: PushFrame, replica: Replica): void {
    this.replica = replica;
    if (typeof push.o === 'number') this.offset = push.o;
    const line = linesOf(push, replica, { raw: false, named: false }).at(-1);
    if (line !== undefined) this.newest = line.slice(0, MOST_NEWEST);
    // What it held before we came is no traffic.
    if (push.r === 1) return;
    this.#now.publications += push.n ?? 1;
    this.#now.bytes += Buffer.byteLength(JSON.stringify(push));
  }

  /** A second is over. */
  tick(): void {
    this.#seconds = [...this.#seconds.slice(1 - SECONDS), this.#now];
    this.#now = { publications: 0, bytes: 0 };
  }

  /** Publications a second. */
  get rateHz(): number {
    return this.#average(({ publications }) => publications);
  }

  get bytesPerSecond(): number {
    return this.#average(({ bytes }) => bytes);
  }

  #average(of: (second: Second) => number): number {
    const sum = this.#seconds.reduce((total, second) => total + of(second), 0);
    return sum / Math.max(1, this.#seconds.length);
  }
}
