import type { Locale } from '@tidewall/browser-contracts';
import { createNumberFormat, type NumberFormat, type NumberFormatOptions, type NumberParts } from './number-format.ts';

/** As many as the smallest step of an axis has. */
const MOST_DECIMALS = 14;
/** Of a step: nobody sees a label that is wrong by less. */
const TOLERANCE = 0.01;

/**
 * Writes the numbers of an axis with as few decimals as tell all of them: 0, 25, 50 and not 0.0, 25.0, 50.0, and
 * 0.0000001 where that is a step, whatever the values between them are written with.
 */
export function createTickFormat(options: NumberFormatOptions, locale: Locale, ticks: readonly number[]): NumberFormat {
  const exact = createNumberFormat({ ...options, decimals: MOST_DECIMALS }, locale);
  const step = Math.abs((ticks[1] ?? 0) - (ticks[0] ?? 0));
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals++) {
    const format = createNumberFormat({ ...options, decimals }, locale);
    if (ticks.every((tick) => tells(format.parts(tick), exact.parts(tick), step / Math.abs(tick)))) return format;
  }
  return exact;
}

/** @param share of a step in the number itself, which is the same in every magnitude */
function tells(one: NumberParts, exact: NumberParts, share: number): boolean {
  if (one.unit !== exact.unit) return false;
  // What is not read back, as a duration, has no decimals either.
  if (one.digits === exact.digits) return true;
  const [written, meant] = [one, exact].map(({ digits }) => Number(digits.replaceAll(',', ''))) as [number, number];
  return written === meant || Math.abs(written - meant) <= Math.abs(meant) * share * TOLERANCE;
}
