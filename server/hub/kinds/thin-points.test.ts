import type { Thinning } from '@tidewall/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { thinPoints } from './thin-points.ts';

type Columns = Map<string, (number | null)[]>;

const ALL: readonly Thinning[] = ['lttb', 'minmax', 'avg', 'last'];
const ROWS: readonly Thinning[] = ['lttb', 'minmax'];

function columnsOf(columns: Record<string, (number | null)[]>): Columns {
  return new Map(Object.entries(columns));
}

function timesOf(columns: Columns): number[] {
  return columns.get('t') as number[];
}

/** The rows of some columns, as texts to compare. */
function rowsOf(columns: Columns): string[] {
  const names = [...columns.keys()].sort();
  return timesOf(columns).map((_, row) => names.map((name) => `${name}=${columns.get(name)?.[row]}`).join(' '));
}

function valuesOf(column: (number | null)[] | undefined): number[] {
  return (column ?? []).filter((value) => value !== null);
}

const finite = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.constantFrom(1.7e308, -1.7e308, 5e-324, -0, 2 ** 53) },
);
const rising = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 3 }), finite), { maxLength: 60 })
  .map((times) => times.sort((a, b) => a - b));

/** Any columns of one length, at any rising times, with gaps and without. */
const series: fc.Arbitrary<Columns> = rising.chain((times) => {
  const column = fc.array(fc.option(finite, { freq: 4 }), { minLength: times.length, maxLength: times.length });
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', '__proto__'), { maxLength: 4 });
  return names.chain((some) =>
    fc
      .tuple(...some.map(() => column))
      .map((columns) => new Map([['t', times], ...some.map((name, i) => [name, columns[i] ?? []] as const)])),
  );
});
const points = fc.integer({ min: 2, max: 70 });

describe('of any columns', () => {
  test.each(ALL)('%s keeps at most so many points, at rising times, of every column as many', (by) => {
    fc.assert(
      fc.property(series, points, (columns, most) => {
        const thinned = thinPoints(columns, most, by);
        const times = timesOf(thinned);
        expect(times.length).toBeLessThanOrEqual(most);
        for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThanOrEqual(times[i - 1] as number);
        expect([...thinned.keys()]).toEqual([...columns.keys()]);
        for (const column of thinned.values()) {
          expect(column).toHaveLength(times.length);
          for (const value of column) expect(value === null || Number.isFinite(value)).toBe(true);
        }
      }),
    );
  });

  test.each(ALL)('%s leaves the first and the last point as they are, and what is few enough altogether', (by) => {
    fc.assert(
      fc.property(series, points, (columns, most) => {
        const before = rowsOf(columns);
        const after = rowsOf(thinPoints(columns, most, by));
        expect([after[0], after.at(-1)]).toEqual([before[0], before.at(-1)]);
        if (before.length <= most) expect(after).toEqual(before);
        expect(rowsOf(columns)).toEqual(before);
      }),
    );
  });

  test.each(ROWS)('%s keeps rows as they came, none twice', (by) => {
    fc.assert(
      fc.property(series, points, (columns, most) => {
        const numbered = new Map([...columns, ['row', timesOf(columns).map((_, row) => row)] as const]);
        const after = thinPoints(numbered, most, by);
        const before = rowsOf(numbered);
        const kept = after.get('row') as number[];
        expect(rowsOf(after)).toEqual(kept.map((row) => before[row]));
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
      }),
    );
  });

  test('minmax keeps the smallest and the largest value of every column', () => {
    const column = fc.array(fc.option(fc.integer({ min: -20, max: 20 })), { minLength: 50, maxLength: 50 });
    const many = fc.array(column, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(many, fc.integer({ min: 0, max: 20 }), (list, more) => {
        const columns: Columns = new Map([['t', Array.from({ length: 50 }, (_, i) => i)]]);
        for (const [i, values] of list.entries()) columns.set(`c${i}`, values);
        const after = thinPoints(columns, 2 + 2 * list.length + more, 'minmax');
        for (const [name, column] of columns) {
          const [before, kept] = [valuesOf(column), valuesOf(after.get(name))];
          expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...before), Math.max(...before)]);
        }
      }),
    );
  });

  test.each(['lttb', 'minmax', 'last'] as const)('%s makes no value up', (by) => {
    fc.assert(
      fc.property(series, points, (columns, most) => {
        const after = thinPoints(columns, most, by);
        for (const [name, column] of columns) {
          const there = new Set(column);
          for (const value of after.get(name) ?? []) expect(there.has(value)).toBe(true);
        }
      }),
    );
  });

  test.each(ALL)('%s never loses a column that has values inside, though others are larger or between', (by) => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 6, max: 20 }), (length, most) => {
        const row = Array.from({ length }, (_, i) => i);
        // Two sources that publish in turn: each has a null wherever the other has a value.
        const columns = columnsOf({
          t: row,
          loud: row.map((i) => (i % 2 === 0 ? Math.sin(i) * 1e6 : null)),
          quiet: row.map((i) => (i % 2 === 1 ? 1 + i * 1e-6 : null)),
        });
        const after = thinPoints(columns, most, by);
        expect(valuesOf(after.get('loud')?.slice(1, -1)).length).toBeGreaterThan(0);
        expect(valuesOf(after.get('quiet')?.slice(1, -1)).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('gaps', () => {
  test.each(ALL)('%s keeps a gap that is as long as two buckets, and closes none over with a value', (by) => {
    const row = Array.from({ length: 1000 }, (_, i) => i);
    const columns = columnsOf({ t: row, v: row.map((i) => (i >= 400 && i < 600 ? null : i % 7)) });
    const after = thinPoints(columns, 50, by);
    const inside = (after.get('v') ?? []).filter((_, i) => Math.abs((timesOf(after)[i] as number) - 500) < 50);
    expect(inside.length).toBeGreaterThan(0);
    expect(inside.every((value) => value === null)).toBe(true);
  });

  test.each(ALL)('%s shows a point that stands alone between gaps', (by) => {
    const row = Array.from({ length: 100 }, (_, i) => i);
    const columns = columnsOf({ t: row, v: row.map((i) => (i === 50 ? 7 : null)) });
    expect(valuesOf(thinPoints(columns, 10, by).get('v'))).toEqual([7]);
  });

  test.each(ALL)('%s of nothing but gaps is gaps', (by) => {
    const row = Array.from({ length: 100 }, (_, i) => i);
    const after = thinPoints(columnsOf({ t: row, v: row.map(() => null) }), 10, by);
    expect(after.get('v')).toEqual(new Array(timesOf(after).length).fill(null));
    expect(timesOf(after).length).toBeGreaterThan(5);
  });
});

describe('edges', () => {
  test.each(ALL)('%s takes no point, one point, and no column but the times', (by) => {
    expect(thinPoints(columnsOf({ t: [] }), 2, by)).toEqual(columnsOf({ t: [] }));
    expect(thinPoints(columnsOf({ t: [5], v: [1] }), 2, by)).toEqual(columnsOf({ t: [5], v: [1] }));
    expect(thinPoints(columnsOf({ t: [1, 2, 3, 4] }), 3, by).get('t')).toHaveLength(3);
  });

  test.each(ALL)('%s with two points is the first and the last', (by) => {
    const columns = columnsOf({ t: [1, 2, 3], v: [4, null, 6] });
    expect(thinPoints(columns, 2, by)).toEqual(columnsOf({ t: [1, 3], v: [4, 6] }));
  });

  test.each(ALL)('%s takes points that all have one time', (by) => {
    const columns = columnsOf({ t: new Array(100).fill(7), v: Array.from({ length: 100 }, (_, i) => i) });
    const after = thinPoints(columns, 10, by);
    expect(after.get('t')).toEqual(new Array(timesOf(after).length).fill(7));
    expect(timesOf(after)).toHaveLength(10);
  });

  test.each(ROWS)('%s serves the columns that come first where there is no room for all', (by) => {
    const columns: Columns = new Map([['t', [0, 1, 2, 3, 4, 5, 6, 7, 8]]]);
    for (let i = 0; i < 7; i++) {
      columns.set(
        `c${i}`,
        timesOf(columns).map((t) => (t === i + 1 ? 9 : 0)),
      );
    }
    const after = thinPoints(columns, 4, by);
    expect(timesOf(after).length).toBeLessThanOrEqual(4);
    expect(after.get('c0')).toContain(9);
    expect(after.get('c6')).not.toContain(9);
  });
});

/** Steinarsson's algorithm as his thesis writes it, for one column without gaps. */
function lttbOfThesis(times: number[], values: number[], threshold: number): number[] {
  const every = (times.length - 2) / (threshold - 2);
  const rows = [0];
  let a = 0;
  for (let i = 0; i < threshold - 2; i++) {
    const nextFrom = Math.floor((i + 1) * every) + 1;
    const nextTo = Math.min(Math.floor((i + 2) * every) + 1, times.length);
    let [t, v] = [0, 0];
    for (let j = nextFrom; j < nextTo; j++) {
      t += (times[j] as number) / (nextTo - nextFrom);
      v += (values[j] as number) / (nextTo - nextFrom);
    }
    let [largest, chosen] = [-1, -1];
    for (let j = Math.floor(i * every) + 1; j < nextFrom; j++) {
      const [at, av] = [times[a] as number, values[a] as number];
      const area = Math.abs((at - t) * ((values[j] as number) - av) - (at - (times[j] as number)) * (v - av)) / 2;
      if (area > largest) [largest, chosen] = [area, j];
    }
    rows.push(chosen);
    a = chosen;
  }
  return [...rows, times.length - 1];
}

test('lttb of one column without gaps is the algorithm of the thesis', () => {
  // Values with no two equal areas, so that rounding decides nothing.
  const noise = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 10, maxLength: 300 });
  fc.assert(
    fc.property(noise, fc.integer({ min: 3, max: 9 }), (values, most) => {
      const wavy = values.map((value, i) => value + Math.sin(i * 1.7) * 100 + Math.cos(i * i));
      const times = values.map((_, i) => i * 10);
      const after = thinPoints(columnsOf({ t: times, v: wavy }), most, 'lttb');
      expect(timesOf(after)).toEqual(lttbOfThesis(times, wavy, most).map((row) => times[row]));
    }),
  );
});

test('lttb chooses the same rows whatever the unit of times and values, near the largest numbers too', () => {
  const small = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 10, maxLength: 100 });
  fc.assert(
    fc.property(small, fc.integer({ min: 3, max: 9 }), (values, most) => {
      const row = values.map((_, i) => i);
      const rowsAt = (timeUnit: number, unit: number): unknown => {
        const columns = columnsOf({ t: row.map((i) => i * timeUnit), v: values.map((value) => value * unit), row });
        return thinPoints(columns, most, 'lttb').get('row');
      };
      expect(rowsAt(2 ** 1017, 2 ** 1013)).toEqual(rowsAt(1, 1));
    }),
  );
});

test('lttb looks over a gap to where the line goes on', () => {
  const row = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  // Row 2 is nearly on the line from row 0 to where it goes on after the gap; row 1 is not.
  const v = [0, 1, 3.5, null, null, 10, 10, 10, 10, 10];
  expect(thinPoints(columnsOf({ t: row, v }), 6, 'lttb').get('t')?.[1]).toBe(1);
});

test('avg is the mean of what is there at the time in the middle, also where the sum is no number', () => {
  const t = [0, 1, 2, 3, 4];
  expect(thinPoints(columnsOf({ t, v: [9, 1, null, 4, 9] }), 3, 'avg')).toEqual(
    columnsOf({ t: [0, 2, 4], v: [9, 2.5, 9] }),
  );
  const huge = [0, 1.7e308, 1.7e308, -1e308, 0];
  expect(thinPoints(columnsOf({ t, v: huge }), 3, 'avg').get('v')?.[1]).toBeCloseTo(0.8e308, -300);
});

test('last is the newest value of each column in the bucket at its last time', () => {
  const columns = columnsOf({ t: [0, 1, 2, 3, 4], a: [0, 1, 2, null, 4], b: [5, 6, null, 8, 9] });
  expect(thinPoints(columns, 3, 'last')).toEqual(columnsOf({ t: [0, 3, 4], a: [0, 2, 4], b: [5, 8, 9] }));
});

test.each(ALL)('%s costs what is given: twice the points are twice the steps', (by) => {
  function stepsOf(length: number): number {
    let steps = 0;
    const counted = (values: number[]): number[] =>
      new Proxy(values, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) steps++;
          return Reflect.get(target, key);
        },
      });
    const row = Array.from({ length }, (_, i) => i);
    const columns = new Map([
      ['t', counted(row)],
      ...['a', 'b', 'c', 'd'].map((name, i) => [name, counted(row.map((n) => Math.sin(n * (i + 1))))] as const),
    ]);
    thinPoints(columns, length / 10, by);
    return steps;
  }
  const [some, twice] = [stepsOf(2000), stepsOf(4000)];
  expect(twice / some).toBeGreaterThan(1.9);
  expect(twice / some).toBeLessThan(2.1);
  // Each cell is looked at a few times at most: for its unit, its mean, its area and its copy.
  expect(some).toBeLessThan(2000 * 5 * 6);
});
