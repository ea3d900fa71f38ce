import { counting, median, type Row } from './rows.ts';
import { showNumber } from './table.ts';

/** What must be reached: a figure of one contender, by itself or as a multiple of another's. */
export interface Goal {
  readonly text: string;
  readonly setting: string;
  readonly figure: string;
  readonly of: string;
  /** Divide by the same figure of this one. */
  readonly over?: string;
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

/** Judges by the median over the rounds, each round by itself; the smallest and largest are told with it. */
export function judge(goal: Goal, rows: readonly Row[]): Verdict {
  const { text, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = goal;
  const reached = goal.over === undefined ? figuresOf(goal, goal.of, rows) : ratios(goal, goal.over, rows);
  if (reached.length === 0) return { text, verdict: '–', reached: `not measured${lacking(goal, rows)}` };
  const middle = median(reached);
  const unit = goal.unit ?? (goal.over === undefined ? '' : '×');
  const [least, most] = [Math.min(...reached), Math.max(...reached)];
  const spread = `${showNumber(least, 2)} to ${showNumber(most, 2)} in ${reached.length} rounds`;
  return {
    text,
    verdict: middle <= atMost && middle >= atLeast ? 'PASS' : 'MISS',
    reached: `${showNumber(middle, 2)}${unit} (${spread})`,
    median: middle,
  };
}

function figuresOf({ setting, figure }: Goal, contender: string, rows: readonly Row[]): readonly number[] {
  return counting(rows, setting, contender).flatMap(({ figures }) => figures[figure] ?? []);
}

/** Round by round, so that what the machine did meanwhile met both; by medians where no round has both. */
function ratios(goal: Goal, over: string, rows: readonly Row[]): readonly number[] {
  const { setting, figure } = goal;
  const others = counting(rows, setting, over);
  const inRounds = counting(rows, setting, goal.of).flatMap(({ round, figures }) => {
    const other = others.find((row) => row.round === round)?.figures[figure];
    const own = figures[figure];
    return own === undefined || other === undefined ? [] : own / other;
  });
  const ofMedians = median(figuresOf(goal, goal.of, rows)) / median(figuresOf(goal, over, rows));
  return inRounds.length > 0 || Number.isNaN(ofMedians) ? inRounds : [ofMedians];
}

function lacking({ of, over, setting }: Goal, rows: readonly Row[]): string {
  const problem = rows.find(
    (row) => row.setting === setting && (row.contender === of || row.contender === over) && row.problem !== undefined,
  );
  return problem === undefined ? '' : `: ${problem.contender}: ${problem.problem}`;
}
