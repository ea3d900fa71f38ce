/**
 * How many entries stand in a row of this width, with the number of the others behind them where some do not fit. One
 * is always shown, if only in part.
 */
export function countThatFits(widths: readonly number[], gap: number, more: number, room: number): number {
  // A fraction of a pixel is rounding, and no reason to leave an entry out.
  const end = room + 0.5;
  const whole = widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);
  if (whole <= end) return widths.length;
  let used = more;
  let count = 0;
  for (const width of widths) {
    used += width + gap;
    if (used > end) break;
    count++;
  }
  return Math.max(1, count);
}
