import { z } from 'zod/mini';

/** How a number is written. `percent` takes 0–100, `duration` seconds, `bytes` counts in 1024, the rest in 1000. */
export const NUMBER_FORMATS = [
  'number',
  'compact',
  'percent',
  'bytes',
  'bytesPerSecond',
  'duration',
  'currency',
] as const;

/** Props of everything that shows numbers. */
export const formatProps = {
  format: z._default(z.enum(NUMBER_FORMATS), 'number'),
  /** Digits behind the point, always as many, so that digits do not jump. */
  decimals: z._default(z.int().check(z.minimum(0), z.maximum(6)), 0),
  /**
   * Written behind the number and its magnitude: `万元`, `M USD`. Bytes, rates, percent and durations have a unit of their
   * own and ignore it. Where it is empty, the unit of the data takes its place; money has a sign instead.
   */
  unit: z._default(z.string(), ''),
  /** ISO 4217 code, for `currency`. */
  currency: z._default(z.string().check(z.regex(/^[A-Z]{3}$/)), 'CNY'),
} as const;
