/** Of the digits: the letters before and behind them, and the gap between. As the style sheet has them. */
const SMALL_SHARE = 0.42;
const GAP_SHARE = 0.14;
/** A unit has at most this share of the width; the digits are what is read. */
const UNIT_SHARE = 0.4;

/** What stands in a row: widths in ems of their own letters. */
export interface DigitsRow {
  /** CSS pixels. */
  readonly width: number;
  readonly digits: number;
  readonly small: number;
  readonly gaps: number;
  /** CSS pixels of the smallest letters: those of the unit shrink with the digits no further. */
  readonly smallest: number;
}

/** The size of the digits with which the row is as wide as its box; what is longer than its share is left out of it. */
export function digitsThatFit({ width, digits, small, gaps, smallest }: DigitsRow): number {
  const own = Math.max(0.5, digits) + gaps * GAP_SHARE;
  const together = width / (own + SMALL_SHARE * small);
  if (together * SMALL_SHARE >= smallest && together * SMALL_SHARE * small <= width * UNIT_SHARE) return together;
  return (width - Math.min(width * UNIT_SHARE, smallest * small)) / own;
}

/** The same text with an even number of digits, so that what is measured by it does not change with each of them. */
export function evenDigits(text: string): string {
  const count = text.replace(/\D/g, '').length;
  if (count === 0) return text;
  return '0'.repeat(count < 4 ? 4 - count : count % 2) + text;
}
