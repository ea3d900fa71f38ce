import { counting, type Figures, medians, type Row } from './rows.ts';

/** A column that shows one figure. */
export interface Column {
  readonly key: string;
  readonly head: string;
  readonly digits: number;
}

export function column(key: string, head: string, digits = 0): Column {
  return { key, head, digits };
}

/** The figure of the column. */
export function cell({ key, digits }: Column, figures: Figures): string {
  return showNumber(figures[key], digits);
}

export function showNumber(number: number | undefined, digits: number): string {
  if (number === undefined || Number.isNaN(number)) return '–';
  return number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Medians over the rounds: a block a setting, a line a contender; the first cell of each block is the setting. */
export function blocksOf(
  rows: readonly Row[],
  columns: readonly Column[],
): readonly (readonly (readonly string[])[])[] {
  return [...new Set(rows.map(({ setting }) => setting))].map((setting) => {
    const contenders = new Set(rows.filter((row) => row.setting === setting).map(({ contender }) => contender));
    const lines = [...contenders].map((contender) => {
      const figures = medians(counting(rows, setting, contender));
      return [contender, ...columns.map((each) => cell(each, figures))];
    });
    return [[setting, ...columns.map(({ head }) => head)], ...lines];
  });
}

/** The blocks, in columns of equal width. */
export function table(rows: readonly Row[], columns: readonly Column[]): string {
  return blocksOf(rows, columns).map(aligned).join('\n\n');
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines
    .map((line) =>
      line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}
