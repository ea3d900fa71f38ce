import type { JsonObject } from '@tidewall/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusal, run } from '../run.contract.ts';

test('[T13] every time from the first to the last is there, each once, at a multiple of the step', () => {
  const columns = { t: [1_010, 1_020, 4_000], v: [1, 2, 5] };
  const fill = (how: string) => run(columns, [{ type: 'fill', everyMs: 1000, with: how }]);
  const t = [1000, 2000, 3000, 4000];
  expect(fill('null')).toEqual({ t, v: [2, null, null, 5] });
  expect(fill('zero')).toEqual({ t, v: [2, 0, 0, 5] });
  expect(fill('previous')).toEqual({ t, v: [2, 2, 2, 5] });
  expect(fill('linear')).toEqual({ t, v: [2, 3, 4, 5] });
});

test('[T13] every group has every time, and rows come by time', () => {
  const rows = [
    { t: 1, s: 'a', v: 1 },
    { t: 3, s: 'b', v: 2, note: 'x' },
  ];
  expect(run(rows, [{ type: 'fill', everyMs: 1, by: ['s'], fields: ['v'], with: 'previous' }])).toEqual([
    { t: 1, s: 'a', v: 1 },
    { t: 1, s: 'b', v: null },
    { t: 2, s: 'a', v: 1 },
    { t: 2, s: 'b', v: null },
    { t: 3, s: 'a', v: 1 },
    { t: 3, s: 'b', v: 2, note: 'x' },
  ]);
});

test('[T13] categories that are missing are added at the end of each group', () => {
  const rows = [{ s: 'b', v: 1 }];
  const categories = { field: 's', values: ['a', 'b', 'c'] };
  expect(run(rows, [{ type: 'fill', categories, with: 'zero' }])).toEqual([
    { s: 'b', v: 1 },
    { s: 'a', v: 0 },
    { s: 'c', v: 0 },
  ]);
  expect(run([], [{ type: 'fill', categories, fields: ['v'], with: 'zero' }])).toEqual([
    { s: 'a', v: 0 },
    { s: 'b', v: 0 },
    { s: 'c', v: 0 },
  ]);
  expect(run([{ day: 1, ...rows[0] }, { day: 2 }], [{ type: 'fill', by: ['day'], categories }])).toEqual([
    { day: 1, s: 'b', v: 1 },
    { day: 1, s: 'a', v: null },
    { day: 1, s: 'c', v: null },
    { day: 2, v: null },
    { day: 2, s: 'a', v: null },
    { day: 2, s: 'b', v: null },
    { day: 2, s: 'c', v: null },
  ]);
});

test('[T13] without a grid only empty fields are filled, by the times where there are any', () => {
  const rows = [{ t: 0, v: 0 }, { t: 1 }, { t: 4, v: 8, w: 'x' }, { t: 5, w: null }];
  expect(run(rows, [{ type: 'fill', with: 'linear' }])).toEqual([
    { t: 0, v: 0, w: null },
    { t: 1, v: 2, w: null },
    { t: 4, v: 8, w: 'x' },
    { t: 5, v: null, w: null },
  ]);
  expect(run([{ v: 0 }, {}, { v: 8 }], [{ type: 'fill', with: 'linear' }])).toEqual([{ v: 0 }, { v: 4 }, { v: 8 }]);
});

test('[T18] a grid that is too fine is refused before it is made', () => {
  const rows = [{ t: 0 }, { t: 1e12 }];
  expect(refusal([{ type: 'fill', everyMs: 1 }], rows)).toBe(
    'limit_exceeded transforms[0]: makes 1000000000001 rows, at most 100000',
  );
});

test('[T16] the time of a grid cannot be a group', () => {
  expect(refusal([{ type: 'fill', everyMs: 1, by: ['t'] }])).toBe(
    'bad_request transforms[0].by: "t" is the time of the grid',
  );
});

test('[T13] a grid is regular whatever the rows are, and keeps the last value of each place', () => {
  const row = fc.record({ t: fc.integer({ min: -200, max: 200 }), s: fc.constantFrom('a', 'b'), v: fc.integer() });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), fc.integer({ min: 1, max: 50 }), (rows, everyMs) => {
      const made = run(rows, [{ type: 'fill', everyMs, by: ['s'] }]) as JsonObject[];
      const groups = new Set(rows.map(({ s }) => s));
      const places = rows.map(({ t }) => Math.floor(t / everyMs) * everyMs);
      const [first, last] = [Math.min(...places), Math.max(...places)];
      for (const group of groups) {
        const own = made.filter(({ s }) => s === group);
        expect(own.map(({ t }) => t)).toEqual(
          Array.from({ length: (last - first) / everyMs + 1 }, (_, at) => first + at * everyMs),
        );
        for (const { t, v } of own)
          expect(v).toBe(rows.findLast((one, at) => one.s === group && places[at] === t)?.v ?? null);
      }
    }),
  );
});
