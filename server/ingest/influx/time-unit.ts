/** In what a line counts its time. */
export interface TimeUnit {
  /** Digits behind the last whole millisecond. */
  readonly decimals: number;
  /** Milliseconds that one is, where it is a whole number of them. */
  readonly ms: number;
}

const NANOSECONDS: TimeUnit = { decimals: 6, ms: 1 };
const MICROSECONDS: TimeUnit = { decimals: 3, ms: 1 };

/** By what InfluxDB's parameter `precision` says, of version 1 or 2. */
export const TIME_UNITS = {
  ns: NANOSECONDS,
  n: NANOSECONDS,
  us: MICROSECONDS,
  u: MICROSECONDS,
  µ: MICROSECONDS,
  ms: { decimals: 0, ms: 1 },
  s: { decimals: 0, ms: 1_000 },
  m: { decimals: 0, ms: 60_000 },
  h: { decimals: 0, ms: 3_600_000 },
} as const satisfies Record<string, TimeUnit>;

export type Precision = keyof typeof TIME_UNITS;

/** The same time without what the unit cannot say. */
export function inUnit(ms: number, { ms: each }: TimeUnit): number {
  return ms - (ms % each);
}
