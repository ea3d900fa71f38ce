import { randomBytes } from 'node:crypto';
import { sameText } from '@tidewall/auth';
import type { Clock } from '@tidewall/base';

const VALID_MS = 24 * 60 * 60_000;

/** The link by which the first admin is made: good once, for a day, and only as long as there is no admin. */
export class Setup {
  readonly #clock: Clock;
  readonly #needed: () => boolean;
  #token: string | undefined;
  #until = 0;

  constructor(clock: Clock, needed: () => boolean) {
    this.#clock = clock;
    this.#needed = needed;
  }

  /** A new token, in the place of one before it; undefined when there is an admin already. */
  renew(): string | undefined {
    this.#token = this.#needed() ? randomBytes(24).toString('base64url') : undefined;
    this.#until = this.#clock.now() + VALID_MS;
    return this.#token;
  }

  /** Whether that is the token, which is used up by it. */
  take(token: string): boolean {
    const right = this.#token !== undefined && sameText(token, this.#token);
    if (!right || this.#clock.now() >= this.#until || !this.#needed()) return false;
    this.#token = undefined;
    return true;
  }

  /** Makes a token good again that could not be carried out. */
  giveBack(token: string): void {
    this.#token ??= token;
  }
}
