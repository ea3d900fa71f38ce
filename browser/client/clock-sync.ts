import type { Clock } from '@tidewall/base';

/** Samples kept: enough to hold a quick one, few enough that clocks drift little while they last. */
const KEPT_SAMPLES = 8;
/** How far two true samples may disagree beyond what their round trips explain: drift, and timers' coarseness. */
const DRIFT_MS = 50;
const MAX_ROUND_TRIP_MS = 60_000;
/** A wall clock that moves this far against the durations was set, or they stood still while this machine slept. */
const JUMP_MS = 1_000;

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

/**
 * The server's clock, as well as round trips tell it (RFC 5905, section 8): within half the quickest recent round
 * trip. Somebody setting the local clock does not move it, since between samples only durations are measured.
 */
export class ClockSync {
  readonly #clock: Clock;
  readonly #base: number;
  /** The wall's time less the durations, when it was last looked at. */
  #wall: number;
  #samples: Sample[] = [];
  #best: Sample | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#base = clock.now() - clock.monotonic();
    this.#wall = this.#base;
  }

  /** Our own time for `t0`, ms since 1970: the wall's when the client was made, and durations since. */
  localNow(): number {
    return this.#base + this.#clock.monotonic();
  }

  /** The server's clock, ms since 1970; our own before the first sample. */
  serverNow(): number {
    return this.localNow() + (this.#best?.offsetMs ?? 0);
  }

  /**
   * Whether the wall clock has jumped since this was last asked. The samples are void then: whether it was set, which
   * says nothing of the server's clock, or this machine slept, only the next one tells.
   */
  jumped(): boolean {
    const wall = this.#clock.now() - this.#clock.monotonic();
    const jumped = Math.abs(wall - this.#wall) > JUMP_MS;
    this.#wall = wall;
    if (jumped) this.restart();
    return jumped;
  }

  /** A new link may lead to another server, and the machine may have slept: what was measured before is void. */
  restart(): void {
    this.#samples = [];
  }

  /**
   * Takes in one exchange. What cannot be (a reply before its question, not a number) is left out.
   *
   * @param t0 when we asked, by `localNow`
   * @param t1 when the server heard it, and
   * @param t2 when it answered, both by the server's clock
   */
  sample(t0: number, t1: number, t2: number): void {
    const t3 = this.localNow();
    const roundTripMs = t3 - t0 - (t2 - t1);
    const offsetMs = (t1 - t0 + (t2 - t3)) / 2;
    if (!(roundTripMs >= 0 && roundTripMs < MAX_ROUND_TRIP_MS && t2 >= t1 && Number.isFinite(offsetMs))) return;
    const fresh: Sample = { offsetMs, roundTripMs };
    // True samples overlap. One that does not says that a clock was moved, or that this machine slept.
    this.#samples = this.#samples.filter(
      (old) => Math.abs(old.offsetMs - offsetMs) <= (old.roundTripMs + roundTripMs) / 2 + DRIFT_MS,
    );
    this.#samples.push(fresh);
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
    this.#best = this.#samples.reduce((best, one) => (one.roundTripMs <= best.roundTripMs ? one : best), fresh);
  }
}
