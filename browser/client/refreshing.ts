import { type Clock, isJsonObject, type JsonObject } from '@tidewall/base';
import { ERROR_CODES, TidewallError } from '@tidewall/protocol';
import { REFRESH_ID } from './commands.ts';

/*
 *            expiresMs              due               fetched            answered: expiresMs
 *   idle ──────────────▶ waiting ─────────▶ fetching ─────────▶ asking ──────────────────────▶ waiting
 *    ▲                      ▲                  │ not to be had     │ refused, and may pass
 *    │                      └── tries left ◀───┴───────────────────┘
 *    └── refused for good, no tries left: the server ends the link when they run out, and the client connects with new ones
 */

/** Ahead of the end, by how much is left: four fifths of it, give or take a twentieth, so that not all come at once. */
const EARLIEST = 0.75;
const SPREAD = 0.1;
/** After each try that failed, a quarter of what is left then. */
const AGAIN = 0.25;
const MAX_TRIES = 4;
/** No far end makes us ask more often, and no timer of a platform is longer. */
const LEAST_MS = 1_000;
const MOST_MS = 2 ** 31 - 1;

export interface RefreshingOptions {
  readonly clock: Clock;
  readonly random: () => number;
  credentials(): Promise<object>;
  send(text: string): void;
  /** Takes what is for the client. */
  received(text: string): void;
}

/**
 * Shows newer credentials over one link before the ones that it was opened with run out, so that it need not be opened
 * again. Where the server does not know how, nothing is lost by it.
 */
export class Refreshing {
  readonly #options: RefreshingOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;
  #asks = false;
  /** When what was shown last runs out, by the monotonic clock. */
  #endsAt = 0;
  #tries = 0;

  constructor(options: RefreshingOptions) {
    this.#options = options;
  }

  /** Takes what the server has sent, and hands on what the client is to know of it. */
  take(text: string): void {
    // Pushes are the many: they are not looked at twice.
    const mayTell = text.includes('"expiresMs"') || (this.#asks && text.includes(`${REFRESH_ID}`));
    if (!mayTell) this.#options.received(text);
    else
      this.#options.received(
        text
          .split('\n')
          .filter((line) => this.#isForClient(line))
          .join('\n'),
      );
  }

  /** Leaves no timer. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #isForClient(line: string): boolean {
    const frame = answerIn(line);
    if (frame === undefined) return true;
    const { id, connect, refresh, error } = frame;
    if (isJsonObject(connect)) this.#runsOutIn(connect['expiresMs']);
    if (id !== REFRESH_ID || !this.#asks) return true;
    this.#asks = false;
    if (isJsonObject(refresh)) this.#runsOutIn(refresh['expiresMs']);
    if (error === undefined) return true;
    const refusal = TidewallError.fromBody(error);
    if (ERROR_CODES[refusal.kind].retryable) this.#again(refusal.afterMs);
    // An older server: the link ends in time, and is opened again.
    return refusal.kind !== 'unknown_command';
  }

  #runsOutIn(ms: unknown): void {
    if (typeof ms !== 'number') return;
    const { clock, random } = this.#options;
    this.#tries = 0;
    this.#endsAt = clock.monotonic() + ms;
    this.#after(ms * (EARLIEST + random() * SPREAD));
  }

  #again(afterMs: number): void {
    const leftMs = this.#endsAt - this.#options.clock.monotonic();
    if (this.#tries < MAX_TRIES && leftMs > LEAST_MS) this.#after(Math.max(afterMs, leftMs * AGAIN));
  }

  #after(ms: number): void {
    this.#cancel?.();
    if (this.#stopped) return;
    const waitMs = Math.min(MOST_MS, Math.max(LEAST_MS, ms));
    this.#cancel = this.#options.clock.after(waitMs, () => void this.#refresh());
  }

  async #refresh(): Promise<void> {
    const { credentials, send, received } = this.#options;
    this.#tries++;
    try {
      const refresh = await credentials();
      if (this.#stopped) return;
      this.#asks = true;
      send(JSON.stringify({ id: REFRESH_ID, refresh }));
    } catch (failure) {
      if (this.#stopped) return;
      const why = failure instanceof Error ? failure.message : String(failure);
      const error = new TidewallError('busy', `no credentials: ${why}`).toBody();
      received(JSON.stringify({ id: REFRESH_ID, error }));
      this.#again(0);
    }
  }
}

/** A line with an answer; what is none of those is for the client to judge. */
function answerIn(line: string): JsonObject | undefined {
  try {
    const frame = JSON.parse(line) as JsonObject;
    return isJsonObject(frame) && typeof frame['id'] === 'number' ? frame : undefined;
  } catch {
    return undefined;
  }
}
