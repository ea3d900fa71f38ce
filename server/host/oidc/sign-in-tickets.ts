import type { Clock } from '@tidewall/base';
import { z } from 'zod';
import { seal, unseal } from '../keys/seal.ts';

const ticketSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectUri: z.string(),
  next: z.string(),
  until: z.number(),
});
/** A sign-in that was begun in a browser, and where it goes on afterwards. */
export type SignInTicket = Omit<z.infer<typeof ticketSchema>, 'until'>;

/** So long somebody may take at a provider. */
export const TICKET_MS = 10 * 60_000;
const MOST_SPENT = 10_000;

/**
 * Sign-ins that are under way, each sealed into a cookie of the browser that began it, so that strangers who begin many fill
 * nothing here; each can be finished once, at the provider that it was begun for.
 */
export class SignInTickets {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  /** By state, in the order in which they end. What is forgotten for more of them its provider still refuses: a code is good once. */
  readonly #spent = new Map<string, number>();

  constructor(key: Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** What the browser is given to keep. */
  seal(provider: string, ticket: SignInTicket): string {
    const text = JSON.stringify({ ...ticket, until: this.#clock.now() + TICKET_MS });
    return Buffer.from(seal(this.#key, provider, text), 'base64').toString('base64url');
  }

  /** What was begun at that provider; undefined when it was not, not here, or too long ago. */
  open(provider: string, sealed: string): SignInTicket | undefined {
    const text = unseal(this.#key, provider, sealed);
    if (text === undefined) return undefined;
    const { until, ...ticket } = ticketSchema.parse(JSON.parse(text));
    return this.#clock.now() < until ? ticket : undefined;
  }

  /** Whether it was not spent before; it is by this. */
  spend({ state }: SignInTicket): boolean {
    if (this.#spent.has(state)) return false;
    const now = this.#clock.monotonic();
    for (const [known, until] of this.#spent) {
      if (now < until && this.#spent.size < MOST_SPENT) break;
      this.#spent.delete(known);
    }
    this.#spent.set(state, now + TICKET_MS);
    return true;
  }
}
