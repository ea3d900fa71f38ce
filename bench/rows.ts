import { cpus } from 'node:os';

/** By name; what could not be measured is not there. */
export type Figures = Readonly<Record<string, number>>;

/** One measurement of one contender. */
export interface Row {
  readonly setting: string;
  readonly contender: string;
  readonly round: number;
  readonly figures: Figures;
  /** Why there are no figures. */
  readonly problem?: string;
}

/** Share of the machine that others may use while something is measured. */
const MOST_DISTURBANCE = 0.1;

/** Whether others used so much of the machine that the row says little. */
export function disturbed({ figures }: Row): boolean {
  return (figures['othersCores'] ?? 0) > MOST_DISTURBANCE * cpus().length;
}

/** The rows of a contender that count: the undisturbed ones, or all when less than half are. */
export function counting(rows: readonly Row[], setting: string, contender: string): readonly Row[] {
  const own = rows.filter((row) => row.setting === setting && row.contender === contender);
  const good = own.filter((row) => row.problem === undefined && !disturbed(row));
  return good.length * 2 >= own.length ? good : own;
}

/** The median of each figure over the rows that have it. */
export function medians(rows: readonly Row[]): Figures {
  const keys = new Set(rows.flatMap(({ figures }) => Object.keys(figures)));
  return Object.fromEntries(
    [...keys].map((key) => [key, median(rows.flatMap(({ figures }) => figures[key] ?? []))] as const),
  );
}

/** The middle of the numbers, the mean of the two middle ones of an even number; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
