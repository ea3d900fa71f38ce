import { counting, type Figures, medians, type Row } from './rows.ts';

export interface Column {
  readonly key: string;
  readonly head: string;
  readonly digits: number;
  show(figures: Figures): string;
}

/** A column that shows one figure. */
export function column(key: string, head: string, digits = 0): Column {
  return { key, head, digits, show: (figures) => showNumber(figures[key], digits) };
}

export function showNumber(number: number | undefined, digits: number): string {
  if (number === undefined || Number.isNaN(number)) return '–';
  return number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Medians over the rounds: a block a setting, a line a contender. */
export function table(rows: readonly Row[], columns: readonly Column[]): string {
  const blocks = [...new Set(rows.map(({ setting }) => setting))].map((setting) => {
    const here = rows.filter((row) => row.setting === setting);
    const lines = [...new Set(here.map(({ contender }) => contender))].map((contender) => {
      const figures = medians(counting(rows, setting, contender));
      return [contender, ...columns.map((each) => each.show(figures))];
    });
    return aligned([[setting, ...columns.map(({ head }) => head)], ...lines]);
  });
  return blocks.join('\n\n');
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}
