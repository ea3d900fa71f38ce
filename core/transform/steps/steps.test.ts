import type { JsonObject, JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusal, run, someRows } from '../run.contract.ts';

const numbersOf = (rows: JsonValue, field: string): number[] =>
  (rows as JsonObject[]).map((row) => row[field]).filter((value): value is number => typeof value === 'number');
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

describe('map', () => {
  test('[T5] makes fields of paths, constants and expressions, and none of a path that leads nowhere', () => {
    const fields = { name: 'mount', used: 'use.percent', unit: { value: '%' }, high: { cel: 'use.percent > 80' } };
    const rows = [{ mount: '/', use: { percent: 81 } }, { mount: '/data' }];
    expect(run(rows, [{ type: 'map', fields }])).toEqual([
      { name: '/', used: 81, unit: '%', high: true },
      { name: '/data', unit: '%', high: false },
    ]);
  });

  test('[T5] of columns, picks without a copy, repeats a constant and calculates each point', () => {
    const columns = { t: [1, 2], rx: [3, 4] };
    const fields = { t: 't', in: 'rx', limit: { value: 9 }, half: { cel: 'rx / 2' } };
    const made = run(columns, [{ type: 'map', fields }]) as typeof columns;
    expect(made).toEqual({ t: [1, 2], in: [3, 4], limit: [9, 9], half: [1.5, 2] });
    expect(made.t).toBe(columns.t);
  });

  test('[T2] of a bare value, makes one row', () => {
    expect(run(5, [{ type: 'map', fields: { value: '', twice: { cel: 'row * 2' } } }])).toEqual({
      value: 5,
      twice: 10,
    });
  });
});

describe('filter', () => {
  const rows = [{ site: 'sh', v: 5 }, { site: 'bj', v: 2 }, { v: 9 }, { site: 'sh' }];

  test('[T6] takes a filter of the wire', () => {
    expect(run(rows, [{ type: 'filter', where: ['site', 'eq', 'sh'] }])).toEqual([rows[0], rows[3]]);
    expect(run(rows, [{ type: 'filter', where: ['and', ['v', 'gt', 1], ['not', ['site', 'exists', true]]] }])).toEqual([
      rows[2],
    ]);
  });

  test('[T6] takes CEL; a row of which it is null does not pass', () => {
    expect(run(rows, [{ type: 'filter', cel: 'site == "sh" && v > 3' }])).toEqual([rows[0]]);
    expect(run([{ ok: true }, { ok: null }, {}], [{ type: 'filter', cel: 'ok' }])).toEqual([{ ok: true }]);
    expect(refusal([{ type: 'filter', cel: 'v' }], rows)).toBe(
      'shape_mismatch transforms[0].cel at [0]: must be true or false, got 5',
    );
  });

  test('[T2] a row that comes alone stays alone, or is an empty list', () => {
    expect(run({ v: 1 }, [{ type: 'filter', cel: 'v == 1' }])).toEqual({ v: 1 });
    expect(run({ v: 1 }, [{ type: 'filter', cel: 'v == 2' }])).toEqual([]);
  });

  test('[T2] columns stay columns, also when no point is left', () => {
    const columns = { t: [1, 2, 3], v: [5, 1, 7] };
    expect(run(columns, [{ type: 'filter', cel: 'v > 3' }])).toEqual({ t: [1, 3], v: [5, 7] });
    expect(run(columns, [{ type: 'filter', cel: 'v > 9' }])).toEqual({ t: [], v: [] });
  });
});

describe('sort and limit', () => {
  test('[T7] several keys count in order, each with a direction of its own', () => {
    const rows = [
      { a: 1, b: 1 },
      { a: 2, b: 1 },
      { a: 1, b: 2 },
    ];
    const by = [{ field: 'a', descending: true }, 'b'];
    expect(run(rows, [{ type: 'sort', by }])).toEqual([rows[1], rows[0], rows[2]]);
    expect(run(rows, [{ type: 'sort', by, descending: true }])).toEqual([rows[1], rows[2], rows[0]]);
  });

  test('[T7] points of columns are put in order and cut', () => {
    const columns = { t: [1, 2, 3], v: [5, null, 1] };
    expect(run(columns, [{ type: 'sort', by: 'v' }])).toEqual({ t: [3, 1, 2], v: [1, 5, null] });
    expect(run(columns, [{ type: 'limit', count: 2, from: 'end' }])).toEqual({ t: [2, 3], v: [null, 1] });
  });
});

describe('group', () => {
  test('[T8] makes a row of each group, in the order in which they come, with what its numbers make', () => {
    const rows = [
      { site: 'sh', v: 1, at: { hour: 8 } },
      { site: 'bj', v: 5 },
      { site: 'sh', v: 2 },
      { site: 'sh', v: 'n/a' },
      { v: null },
    ];
    const fields = {
      total: { op: 'sum', field: 'v' },
      mean: { op: 'avg', field: 'v' },
      rows: { op: 'count' },
      values: { op: 'count', field: 'v' },
      kinds: { op: 'countDistinct', field: 'v' },
      least: { op: 'min', field: 'v' },
      most: { op: 'max', field: 'v' },
      first: { op: 'first', field: 'v' },
      last: { op: 'last', field: 'v' },
      middle: { op: 'median', field: 'v' },
      hour: { op: 'first', field: 'at.hour' },
    };
    const made = run(rows, [{ type: 'group', by: ['site'], fields }]) as JsonObject[];
    expect(made[0]).toEqual({
      site: 'sh',
      total: 3,
      mean: 1.5,
      rows: 3,
      values: 3,
      kinds: 3,
      least: 1,
      most: 2,
      first: 1,
      last: 'n/a',
      middle: 1.5,
      hour: 8,
    });
    expect(made.map(({ site, total, rows: count, values }) => [site, total, count, values])).toEqual([
      ['sh', 3, 3, 3],
      ['bj', 5, 1, 1],
      [null, null, 1, 0],
    ]);
  });

  test('[T8] a percentile lies on the line between two values', () => {
    const rows = [10, 20, 30, 40, 50].map((v) => ({ v }));
    const fields = { p95: { op: 'percentile', field: 'v' }, p25: { op: 'percentile', field: 'v', percent: 25 } };
    expect(run(rows, [{ type: 'group', fields }])).toEqual([{ p95: 48, p25: 20 }]);
  });

  test('[T8] what rounding loses is kept apart, so that the order of rows makes no difference', () => {
    const total = (list: number[]) =>
      run(
        list.map((v) => ({ v })),
        [{ type: 'group', fields: { total: { op: 'sum', field: 'v' } } }],
      );
    expect(total([1e16, 1, -1e16])).toEqual([{ total: 1 }]);
    expect(total(Array.from({ length: 10 }, () => 0.1))).toEqual([{ total: 1 }]);
  });

  test('[T8] texts have a least and a largest where there is no number', () => {
    const rows = ['2024-02', '2024-01'].map((v) => ({ v }));
    const fields = { from: { op: 'min', field: 'v' }, to: { op: 'max', field: 'v' } };
    expect(run(rows, [{ type: 'group', fields }])).toEqual([{ from: '2024-01', to: '2024-02' }]);
    expect(run([...rows, { v: 3 }], [{ type: 'group', fields }])).toEqual([{ from: 3, to: 3 }]);
  });

  test('[T8] of no rows there are no groups; one row alone is a group', () => {
    const step = { type: 'group', fields: { n: { op: 'count' } } };
    expect(run([], [step])).toEqual([]);
    expect(run({ v: 1 }, [step])).toEqual([{ n: 1 }]);
  });

  test('[T2] columns that are grouped by time are columns again', () => {
    const columns = { t: [1000, 1500, 2000], v: [1, 2, 3] };
    const steps = [
      { type: 'calc', fields: { t: 'math.floor(t / 1000) * 1000' } },
      { type: 'group', by: ['t'], fields: { v: { op: 'sum', field: 'v' } } },
    ];
    expect(run(columns, steps)).toEqual({ t: [1000, 2000], v: [3, 3] });
  });

  test('[T8] the sums of groups are together the sum of all', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const step = { type: 'group', by: ['site', 'w'], fields: { total: { op: 'sum', field: 'v' } } };
        expect(sum(numbersOf(run(rows, [step]), 'total'))).toBe(sum(numbersOf(rows, 'v')));
      }),
    );
  });

  test('[T8] what groups make does not depend on the order of rows, but for first and last', () => {
    const fields = Object.fromEntries(
      ['sum', 'avg', 'min', 'max', 'count', 'countDistinct', 'median', 'percentile'].map((op) => [
        op,
        { op, field: 'v' },
      ]),
    );
    fc.assert(
      fc.property(someRows, (rows) => {
        const steps = [
          { type: 'group', by: ['site'], fields },
          { type: 'sort', by: 'site' },
        ];
        expect(run(rows.toReversed(), steps)).toEqual(run(rows, steps));
      }),
    );
  });

  test('[T16] a field that is in the way, or lacks what it needs, is refused', () => {
    const group = (more: object) => refusal([{ type: 'group', fields: {}, ...more }]);
    expect(group({ by: ['a.name', 'b.name'] })).toContain('transforms[0].by[1]: makes a second field "name"');
    expect(group({ by: ['a'], fields: { a: { op: 'count' } } })).toContain(
      'transforms[0].fields.a: is a field of the group',
    );
    expect(group({ fields: { a: { op: 'sum' } } })).toBe('bad_request transforms[0].fields.a: sum needs a field');
  });
});

describe('pivot and unpivot', () => {
  test('[T9] makes columns of values; what has no row there has no field', () => {
    const rows = [
      { t: 1, site: 'sh', v: 5 },
      { t: 1, site: 'bj', v: 7 },
      { t: 2, site: 'sh', v: 6 },
      { t: 2, site: 'sh', v: 1 },
      { t: 3, v: 9 },
    ];
    const pivot = { type: 'pivot', by: ['t'], column: 'site', value: 'v' };
    expect(run(rows, [pivot])).toEqual([
      { t: 1, sh: 5, bj: 7 },
      { t: 2, sh: 1 },
    ]);
    expect(run(rows, [{ ...pivot, op: 'sum', prefix: 'site ' }])).toEqual([
      { t: 1, 'site sh': 5, 'site bj': 7 },
      { t: 2, 'site sh': 7 },
    ]);
  });

  test('[T9] a column that would take the place of a field is refused with its row', () => {
    const rows = [{ t: 1, site: 't', v: 5 }];
    expect(refusal([{ type: 'pivot', by: ['t'], column: 'site', value: 'v' }], rows)).toBe(
      'shape_mismatch transforms[0].column at [0]: "t" is a field of the row already: set a prefix',
    );
  });

  test('[T9] [T18] more than 256 columns are refused', () => {
    const rows = Array.from({ length: 257 }, (_, v) => ({ v }));
    expect(refusal([{ type: 'pivot', by: [], column: 'v', value: 'v' }], rows)).toContain('at most 256');
  });

  test('[T9] unpivot makes rows of columns', () => {
    const step = { type: 'unpivot', keep: ['t'], name: 's', value: 'y' };
    expect(run({ t: [1, 2], a: [3, null] }, [step])).toEqual([
      { t: 1, s: 'a', y: 3 },
      { t: 2, s: 'a', y: null },
    ]);
    expect(run([{ a: 1, b: 2, c: 3 }], [{ type: 'unpivot', keep: ['c'], fields: ['b', 'x'] }])).toEqual([
      { c: 3, name: 'b', value: 2 },
    ]);
  });

  test('[T9] one undoes the other', () => {
    const table = fc.uniqueArray(fc.record({ t: fc.nat(99), a: fc.integer(), b: fc.integer() }), {
      selector: ({ t }) => t,
    });
    fc.assert(
      fc.property(table, (rows) => {
        const steps = [
          { type: 'unpivot', keep: ['t'] },
          { type: 'pivot', by: ['t'], column: 'name', value: 'value' },
        ];
        expect(run(rows, steps)).toEqual(rows);
      }),
    );
  });
});

describe('rename and calc', () => {
  test('[T10] changes all names at once, each field in its place', () => {
    const rename = { type: 'rename', names: { a: 'b', b: 'a', x: 'y' } };
    expect(Object.entries((run([{ a: 1, b: 2, c: 3 }], [rename]) as JsonObject[])[0] ?? {})).toEqual([
      ['b', 1],
      ['a', 2],
      ['c', 3],
    ]);
    expect(run({ v: 1, value: 2 }, [{ type: 'rename', names: { v: 'value' } }])).toEqual({ value: 1 });
    expect(run({ t: [1], v: [2] }, [{ type: 'rename', names: { v: 'cpu' } }])).toEqual({ t: [1], cpu: [2] });
    expect(refusal([{ type: 'rename', names: { a: 'c', b: 'c' } }])).toContain('transforms[0].names.b');
  });

  test('[T10] each new field sees the row as it came', () => {
    const calc = { type: 'calc', fields: { v: 'v * 2', w: 'v + 1' } };
    expect(run([{ v: 3 }, 5], [calc])).toEqual([{ v: 6, w: 4 }, 5]);
    expect(run({ t: [1, 2], v: [3, null] }, [calc])).toEqual({ t: [1, 2], v: [6, null], w: [4, null] });
  });
});

describe('topN', () => {
  const rows = [
    { name: 'a', v: 5, site: 'sh' },
    { name: 'b', v: 9, site: 'bj' },
    { name: 'c', site: 'sh' },
    { name: 'd', v: 1, site: 'sh' },
    { name: 'e', v: 7, site: 'sh' },
  ];

  test('[T12] keeps the largest in order, or the smallest', () => {
    expect(run(rows, [{ type: 'topN', count: 2, by: 'v' }])).toEqual([rows[1], rows[4]]);
    expect(run(rows, [{ type: 'topN', count: 1, by: 'v', order: 'smallest' }])).toEqual([rows[3]]);
  });

  test('[T12] sums up the others under a name, in each group', () => {
    expect(run(rows, [{ type: 'topN', count: 1, by: 'v', others: true }])).toEqual([
      rows[1],
      { name: 'Others', v: 13 },
    ]);
    const others = { field: 'name', name: '其他' };
    expect(run(rows, [{ type: 'topN', count: 1, by: 'v', per: ['site'], others }])).toEqual([
      rows[4],
      { site: 'sh', name: '其他', v: 6 },
      rows[1],
    ]);
  });

  test('[T12] the others need fields of their own', () => {
    const topN = (more: object) => refusal([{ type: 'topN', count: 1, by: 'v', others: true, ...more }]);
    expect(topN({ by: 'a.v' })).toContain('"a.v" is none: map it first');
    expect(topN({ by: 'name' })).toContain('transforms[0].others.field: "name" is taken already');
    expect(topN({ per: ['name'] })).toContain('"name" is taken already');
  });

  test('[T12] with others the total stays what it was', () => {
    fc.assert(
      fc.property(someRows, fc.nat(5), fc.boolean(), (data, count, perSite) => {
        const step = { type: 'topN', count, by: 'v', others: true, per: perSite ? ['site'] : [] };
        expect(sum(numbersOf(run(data, [step]), 'v'))).toBe(sum(numbersOf(data, 'v')));
      }),
    );
  });
});

describe('join', () => {
  const rows = [{ id: 1, v: 5 }, { id: 2, v: 6 }, { id: null }, 7];
  const names = [
    { id: 1, name: 'a', v: 0 },
    { id: 1, name: 'b' },
    { id: '2', name: 'c' },
    { id: null, name: 'd' },
  ];

  test('[T14] makes a row for each partner; own fields stay, and rows without one too', () => {
    expect(run(rows, [{ type: 'join', with: { rows: names }, on: 'id' }])).toEqual([
      { id: 1, v: 5, name: 'a' },
      { id: 1, v: 5, name: 'b' },
      ...rows.slice(1),
    ]);
  });

  test('[T14] inner leaves out rows without a partner; fields and a prefix say what comes in', () => {
    const step = { type: 'join', with: { rows: names }, on: ['id'], kind: 'inner', fields: ['v'], prefix: 'old ' };
    expect(run(rows, [step])).toEqual([
      { id: 1, v: 5, 'old v': 0 },
      { id: 1, v: 5 },
    ]);
  });

  test('[T14] a field may have another name there; several must all be the same', () => {
    const other = [{ key: 1, v: 5, found: true }];
    expect(run(rows, [{ type: 'join', with: { rows: other }, on: { id: 'key', v: 'v' }, kind: 'inner' }])).toEqual([
      { id: 1, v: 5, found: true },
    ]);
  });

  test('[T14] a topic is read anew at each run; one that holds nothing has no rows', () => {
    let held: JsonValue | undefined;
    const step = { type: 'join', with: { topic: 'plant/names' }, on: 'id' };
    const services = { rowsOf: (topic: string) => (topic === 'plant/names' ? held : undefined) };
    expect(run([{ id: 1 }], [step], services)).toEqual([{ id: 1 }]);
    held = { id: 1, name: 'a' };
    expect(run([{ id: 1 }], [step], services)).toEqual([{ id: 1, name: 'a' }]);
    expect(refusal([step])).toContain('transforms[0].with.topic: a topic can be joined only on the server');
  });

  test('[T14] [T18] a value that is everywhere in both is refused before it is multiplied', () => {
    const many = Array.from({ length: 1000 }, () => ({ id: 1 }));
    expect(refusal([{ type: 'join', with: { rows: many }, on: 'id' }], many)).toBe(
      'limit_exceeded transforms[0]: makes 101000 rows, at most 100000',
    );
  });
});
