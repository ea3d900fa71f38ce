import type { Locale } from '@tidewall/browser-contracts';
import { createNumberFormat, type NumberFormat, type NumberFormatOptions } from './number-format.ts';

const MOST_DECIMALS = 4;

/**
 * Writes the numbers of an axis with as few decimals as tell all of them exactly: 0, 25, 50 and not 0.0, 25.0, 50.0,
 * whatever the values between them are written with.
 */
export function createTickFormat(options: NumberFormatOptions, locale: Locale, ticks: readonly number[]): NumberFormat {
  const exact = createNumberFormat({ ...options, decimals: MOST_DECIMALS }, locale);
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals++) {
    const format = createNumberFormat({ ...options, decimals }, locale);
    if (ticks.every((tick) => sameNumber(format.parts(tick), exact.parts(tick)))) return format;
  }
  return exact;
}

type Parts = ReturnType<NumberFormat['parts']>;

function sameNumber(one: Parts, other: Parts): boolean {
  const read = ({ digits }: Parts): number => Number(digits.replaceAll(',', ''));
  // Durations are not read back; they have no decimals either.
  return one.unit === other.unit && (one.digits === other.digits || Math.abs(read(one) - read(other)) < 1e-6);
}
