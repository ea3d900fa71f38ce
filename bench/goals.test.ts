import { describe, expect, test } from 'vitest';
import { judge } from './goals.ts';
import type { Row } from './rows.ts';

const row = (contender: string, round: number, cpuUs: number, othersCores = 0): Row => ({
  setting: 'load',
  contender,
  round,
  figures: { cpuUs, othersCores },
});
const goal = { text: 'at most twice the floor', setting: 'load', figure: 'cpuUs', of: 'us', over: 'floor', atMost: 2 };

describe('a goal', () => {
  test('is judged by the median of the ratios within each round', () => {
    const rows = [1, 2, 3].flatMap((round) => [
      row('floor', round, round),
      row('us', round, round * [1.5, 1.8, 9][round - 1]!),
    ]);
    expect(judge(goal, rows)).toMatchObject({ verdict: 'PASS', median: 1.8 });
    expect(judge({ ...goal, atMost: 1.7 }, rows)).toMatchObject({ verdict: 'MISS' });
    expect(judge(goal, rows).reached).toBe('1.80× (1.50 to 9.00 in 3 rounds)');
  });

  test('does not count rounds that others have disturbed, unless most are', () => {
    const good = [row('floor', 1, 1), row('us', 1, 3)];
    const bad = [row('floor', 2, 10, 8), row('us', 2, 10, 8)];
    expect(judge(goal, [...good, ...bad])).toMatchObject({ verdict: 'MISS', median: 3 });
    expect(judge(goal, bad)).toMatchObject({ verdict: 'PASS', median: 1 });
    const worse = [row('floor', 3, 10, 8), row('us', 3, 10, 8)];
    expect(judge(goal, [...good, ...bad, ...worse])).toMatchObject({ verdict: 'PASS', median: 1 });
  });

  test('is compared by medians where no undisturbed round has both', () => {
    const rows = [row('floor', 1, 2), row('us', 1, 9, 8), row('floor', 2, 9, 8), row('us', 2, 3)];
    expect(judge(goal, rows)).toMatchObject({ verdict: 'PASS', median: 1.5 });
  });

  test('without a measurement says why', () => {
    const rows = [row('floor', 1, 1), { ...row('us', 1, 0), figures: {}, problem: 'us did not start' }];
    expect(judge(goal, rows)).toMatchObject({ verdict: '–', reached: 'not measured: us: us did not start' });
  });

  test('of one figure is judged by itself', () => {
    const { over: _, ...alone } = goal;
    expect(judge({ ...alone, unit: ' µs' }, [row('us', 1, 1.25)])).toMatchObject({ verdict: 'PASS', median: 1.25 });
  });
});
