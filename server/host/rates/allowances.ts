import { DebtSketch } from './debt-sketch.ts';

export interface AllowancesOptions {
  /** What a subject may take in a second, averaged, and at once. */
  readonly perSecond: number;
  readonly burst: number;
  /** Subjects that are remembered one by one; those beyond share the slots of a sketch. */
  readonly mostSubjects: number;
  /** A secret of this process. */
  readonly seed: string;
}

/** Of the subjects remembered longest, so many are looked at when one is added: more than one, so that they get fewer. */
const LOOKS = 4;

/**
 * What each of any number of subjects may still take, in bounded memory (GCRA, ITU-T I.371): over any time no subject
 * takes more than `burst` and `perSecond` for its length, and who takes less is never refused.
 *
 * One number is kept of a subject, the time at which it has paid for what it took; who has paid is forgotten. When as
 * many as can be remembered are in debt, newcomers are kept in a sketch: no debtor is let off to make room, and none of
 * them is refused for being new.
 */
export class Allowances {
  readonly #costMs: number;
  readonly #burst: number;
  readonly #mostSubjects: number;
  readonly #seed: string;
  /** Until when each is in debt; those that were added or looked at last are last. */
  readonly #untilMs = new Map<string, number>();
  #sketch: DebtSketch | undefined;

  constructor({ perSecond, burst, mostSubjects, seed }: AllowancesOptions) {
    this.#costMs = 1000 / perSecond;
    this.#burst = burst;
    this.#mostSubjects = mostSubjects;
    this.#seed = seed;
  }

  /** Subjects that are remembered one by one. */
  get size(): number {
    return this.#untilMs.size;
  }

  /** Whether there have been more than could be remembered. */
  get crowded(): boolean {
    return this.#sketch !== undefined;
  }

  /** How long a subject has to wait before it may take so much; 0: it may now. Nothing is taken by that. */
  waitMs(subject: string, cost: number, now: number): number {
    const paidMs = this.#debtOf(subject, now) + this.#priceOf(cost);
    return Math.max(0, paidMs - now - this.#burst * this.#costMs);
  }

  /** Takes it, whatever `waitMs` says. */
  take(subject: string, cost: number, now: number): void {
    const untilMs = this.#debtOf(subject, now) + this.#priceOf(cost);
    if (this.#untilMs.has(subject)) {
      this.#untilMs.set(subject, untilMs);
      return;
    }
    this.#forgetPaid(now);
    if (this.#untilMs.size < this.#mostSubjects) {
      this.#untilMs.set(subject, untilMs);
      return;
    }
    this.#sketch ??= new DebtSketch(this.#seed);
    this.#sketch.charge(subject, untilMs);
  }

  #debtOf(subject: string, now: number): number {
    return Math.max(now, this.#untilMs.get(subject) ?? this.#sketch?.untilMs(subject) ?? 0);
  }

  /** One thing that is larger than the burst takes all of it, or it could never be taken. */
  #priceOf(cost: number): number {
    return Math.min(cost, this.#burst) * this.#costMs;
  }

  #forgetPaid(now: number): void {
    let looks = 0;
    for (const [subject, untilMs] of this.#untilMs) {
      if (looks++ === LOOKS) return;
      this.#untilMs.delete(subject);
      // To the end, so that the next look is at others.
      if (untilMs > now) this.#untilMs.set(subject, untilMs);
    }
  }
}
