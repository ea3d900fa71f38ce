import type { Row } from './benchmark.ts';
import { median } from './statistics.ts';
import { showNumber } from './table.ts';

/** What must be reached: a figure of one contender, by itself or as a multiple of another's. */
export interface Goal {
  readonly text: string;
  readonly setting: string;
  readonly figure: string;
  readonly of: string;
  /** Divide by the same figure of this one, of the same round. */
  readonly over?: string;
  /** Divide by the figure of the same contender and round in this setting. */
  readonly overSetting?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit?: string;
}

export interface Verdict {
  readonly text: string;
  /** `–`: there is nothing to judge by. */
  readonly verdict: 'PASS' | 'MISS' | '–';
  readonly reached: string;
  readonly median?: number;
}

/** Judges by the median over the rounds; the smallest and largest are told with it. */
export function judge(goal: Goal, rows: readonly Row[]): Verdict {
  const { text, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = goal;
  const reached = rows
    .filter(({ setting, contender }) => setting === goal.setting && contender === goal.of)
    .flatMap((row) => reachedIn(goal, row, rows) ?? []);
  if (reached.length === 0) return { text, verdict: '–', reached: `not measured${lacking(goal, rows)}` };
  const middle = median(reached);
  const unit = goal.unit ?? (goal.over === undefined && goal.overSetting === undefined ? '' : '×');
  const [least, most] = [Math.min(...reached), Math.max(...reached)];
  return {
    text,
    verdict: middle <= atMost && middle >= atLeast ? 'PASS' : 'MISS',
    reached: `${showNumber(middle, 2)}${unit} (${showNumber(least, 2)} to ${showNumber(most, 2)} in ${reached.length} rounds)`,
    median: middle,
  };
}

function reachedIn(goal: Goal, row: Row, rows: readonly Row[]): number | undefined {
  const own = row.figures[goal.figure];
  if (own === undefined) return undefined;
  if (goal.over === undefined && goal.overSetting === undefined) return own;
  const other = rows.find(
    ({ setting, contender, round }) =>
      round === row.round &&
      contender === (goal.over ?? row.contender) &&
      setting === (goal.overSetting ?? row.setting),
  )?.figures[goal.figure];
  return other === undefined ? undefined : own / other;
}

function lacking({ of, over, setting }: Goal, rows: readonly Row[]): string {
  const problem = rows.find(
    (row) => row.setting === setting && (row.contender === of || row.contender === over) && row.problem !== undefined,
  );
  return problem === undefined ? '' : `: ${problem.contender}: ${problem.problem}`;
}
