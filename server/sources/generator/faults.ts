import { createRandom, seedOf } from './random.ts';

/** `chance` for each stretch of `durationMs`. */
export interface Stretches {
  readonly chance: number;
  readonly durationMs: number;
}

/** `chance` for each thing that it comes `byMs` after its time. */
export interface Lateness {
  readonly chance: number;
  readonly byMs: number;
}

/** Places where a number is drawn, so that none of them shares its numbers with another. */
const GAP = 3;
const LATE = 4;

/** Whether a time is in one of the stretches. Equal arguments give equal answers. @param place which of several such things */
export function isInStretch({ chance, durationMs }: Stretches, seed: number, place: number, t: number): boolean {
  return createRandom(seedOf(seed, place, Math.floor(t / durationMs)))() < chance;
}

/** Whether nothing is measured at that time. */
export function isInGap(gaps: Stretches | undefined, seed: number, t: number): boolean {
  return gaps !== undefined && isInStretch(gaps, seed, GAP, t);
}

/** How many ticks late what happens at that time comes; 0 when it is in time. */
export function ticksLate(late: Lateness | undefined, seed: number, t: number, everyMs: number): number {
  if (late === undefined || createRandom(seedOf(seed, LATE, t))() >= late.chance) return 0;
  return Math.ceil(late.byMs / everyMs);
}

/** The longest that something can be late, in ticks. */
export function mostTicksLate(late: Lateness | undefined, everyMs: number): number {
  return late === undefined ? 0 : Math.ceil(late.byMs / everyMs);
}
