import type { Clock } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { networkOf } from '../rates/subjects.ts';

/** What is remembered of one who tried: how often in vain, and until when it has to wait. */
interface Tried {
  failures: number;
  until: number;
}

const FREE_FOR_NAME = 5;
const FREE_FOR_ADDRESS = 50;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15 * 60_000;
const MOST_REMEMBERED = 20_000;
/** After so long without a try nothing is remembered. */
const FORGET_MS = 60 * 60_000;

/**
 * Slows down who guesses: by where it comes from and whom it tries to be, and by where it comes from. Never by the name
 * alone, or strangers could lock others out.
 */
export class Attempts {
  readonly #clock: Clock;
  /** In the order in which they were touched last. */
  readonly #tried = new Map<string, Tried>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws TidewallError too_many_requests with how long to wait */
  require(address: string, name: string): void {
    const now = this.#clock.monotonic();
    for (const key of keysOf(address, name)) {
      const wait = (this.#tried.get(key)?.until ?? 0) - now;
      if (wait <= 0) continue;
      const message = `too many wrong passwords from here; try again in ${Math.ceil(wait / 1000)} s`;
      throw new TidewallError('too_many_requests', message, { afterMs: Math.ceil(wait) });
    }
  }

  failed(address: string, name: string): void {
    const now = this.#clock.monotonic();
    const free = [FREE_FOR_NAME, FREE_FOR_ADDRESS];
    for (const [at, key] of keysOf(address, name).entries()) {
      const known = this.#tried.get(key);
      const failures = (known !== undefined && now - known.until < FORGET_MS ? known.failures : 0) + 1;
      const over = failures - (free[at] as number);
      const wait = over < 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** over);
      this.#tried.delete(key);
      this.#tried.set(key, { failures, until: now + wait });
    }
    for (const key of this.#tried.keys()) {
      if (this.#tried.size <= MOST_REMEMBERED) break;
      this.#tried.delete(key);
    }
  }

  /** Who knows the password is no guesser of it; how often its address has guessed others stays. */
  succeeded(address: string, name: string): void {
    this.#tried.delete(keysOf(address, name)[0]);
  }
}

/** Of version 6 a house has the first half, and can come from any address in it. */
function keysOf(address: string, name: string): readonly [string, string] {
  const from = networkOf(address) ?? address;
  return [`${from} ${name}`, from];
}
