import type { JsonObject, JsonValue } from '@tidewall/base';
import { KINDS, type PushFrame } from '@tidewall/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFold } from './create-fold.ts';
import { createLogFold } from './log.ts';
import { createSeriesFold } from './series.ts';
import { createStateFold } from './state.ts';
import { createTableFold } from './table.ts';

/** Later than every time that is not meant to be wrong. */
const NOW = 1_000_000;

const push = (body: Partial<PushFrame>): PushFrame => ({ t: 1, ...body });

describe('a state', () => {
  test('[C25] is replaced, and merged by RFC 7396', () => {
    const fold = createStateFold();
    fold.apply(push({ d: { a: 1, b: { c: 2 } } }), false, NOW);
    fold.apply(push({ m: { a: null, b: { d: 3 } } }), false, NOW);
    expect(fold.value()).toEqual({ b: { c: 2, d: 3 } });
    fold.apply(push({ d: null }), false, NOW);
    expect(fold.value()).toBeNull();
  });

  test('[C25] never changes what was handed out', () => {
    const fold = createStateFold();
    fold.apply(push({ d: { a: { b: 1 } } }), false, NOW);
    const before = fold.value();
    fold.apply(push({ m: { a: { b: 2 } } }), false, NOW);
    expect(before).toEqual({ a: { b: 1 } });
  });
});

describe('a table', () => {
  test('[C26] keeps rows in the order in which their keys first came', () => {
    const fold = createTableFold('id');
    fold.apply(
      push({
        d: [
          { id: 'b', v: 1 },
          { id: 'a', v: 1 },
        ],
      }),
      true,
      NOW,
    );
    fold.apply(
      push({
        u: [
          { id: 'c', v: 1 },
          { id: 'b', v: 2 },
        ],
        x: ['a'],
      }),
      false,
      NOW,
    );
    expect(fold.value()).toEqual([
      { id: 'b', v: 2 },
      { id: 'c', v: 1 },
    ]);
    fold.apply(push({ u: [{ id: 'a', v: 9 }] }), false, NOW);
    expect(fold.value()).toEqual([
      { id: 'b', v: 2 },
      { id: 'c', v: 1 },
      { id: 'a', v: 9 },
    ]);
  });

  test('[C26] 1 and "1" are the same key', () => {
    const fold = createTableFold('id');
    fold.apply(push({ u: [{ id: 1, v: 'number' }] }), false, NOW);
    fold.apply(push({ u: [{ id: '1', v: 'text' }] }), false, NOW);
    expect(fold.value()).toEqual([{ id: '1', v: 'text' }]);
    fold.apply(push({ x: [1] }), false, NOW);
    expect(fold.value()).toEqual([]);
  });

  test('[C26] hands out the same list until something changes', () => {
    const fold = createTableFold('id');
    fold.apply(push({ u: [{ id: 1 }] }), false, NOW);
    expect(fold.value()).toBe(fold.value());
  });
});

describe('a series', () => {
  test('[C27] is in order of time, whatever the order of its publishers', () => {
    const series = createSeriesFold(4);
    for (const [t, v] of [
      [
        [10, 30],
        [1, 3],
      ],
      [[20], [2]],
      [
        [40, 5],
        [4, 0],
      ],
      [[40], [5]],
    ]) {
      series.apply(push({ d: { t, v } as never }), false, NOW);
    }
    expect(series.value()).toEqual({ t: [20, 30, 40, 40], v: [2, 3, 4, 5] });
  });

  test('[C27] has null where a series has no value, before it came and after it left', () => {
    const fold = createSeriesFold(10);
    fold.apply(push({ d: { t: [1, 2], a: [10, 20] } }), false, NOW);
    fold.apply(push({ d: { t: [3], b: [30] } }), false, NOW);
    expect(fold.value()).toEqual({ t: [1, 2, 3], a: [10, 20, null], b: [null, null, 30] });
    fold.apply(push({ d: { t: [4], c: [1] } }), true, NOW);
    expect(fold.value()).toEqual({ t: [4], c: [1] });
  });

  test('[C27] always has columns of one length, the newest points, as many as are kept', () => {
    const chunk = fc.record({
      length: fc.nat(7),
      names: fc.uniqueArray(fc.constantFrom('a', 'b', '__proto__', 'constructor'), { maxLength: 4 }),
      read: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (chunks, keepCount) => {
        const fold = createSeriesFold(keepCount);
        const rows: JsonObject[] = [];
        const names = new Set<string>();
        let time = 0;
        for (const { length, names: some, read } of chunks) {
          const columns = new Map<string, JsonValue[]>([
            ['t', []],
            ...some.map((name) => [name, []] as [string, JsonValue[]]),
          ]);
          for (let i = 0; i < length; i++) {
            time += 1;
            rows.push({ time, has: some });
            for (const [name, column] of columns) column.push(name === 't' ? time : time * 10);
          }
          for (const name of some) names.add(name);
          expect(fold.apply(push({ d: Object.fromEntries(columns) as JsonValue }), false, NOW)).toBe(true);
          if (read) fold.value();
        }
        const shown = fold.value() as Record<string, (number | null)[]>;
        const kept = rows.slice(-keepCount);
        expect(shown['t']).toEqual(kept.map((row) => row['time']));
        for (const name of names) {
          const expected = kept.map((row) =>
            (row['has'] as string[]).includes(name) ? (row['time'] as number) * 10 : null,
          );
          // One without a value left may be forgotten.
          if (!Object.hasOwn(shown, name) && expected.every((value) => value === null)) continue;
          expect(Object.getOwnPropertyDescriptor(shown, name)?.value).toEqual(expected);
        }
      }),
    );
  });

  test('[C27] whatever the order in which points come, they are by time, each column with its own values', () => {
    const points = fc.array(fc.tuple(fc.nat(40), fc.constantFrom('a', 'b')), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(points, { maxLength: 12 }), (publications) => {
        const fold = createSeriesFold(1_000);
        const all: { t: number; name: string; mark: number }[] = [];
        for (const publication of publications) {
          const added = publication.map(([t, name]) => ({ t, name, mark: 0 }));
          for (const point of added) point.mark = all.push(point);
          const column = (name: string) => added.map((point) => (point.name === name ? point.mark : null));
          fold.apply(push({ d: { t: added.map(({ t }) => t), a: column('a'), b: column('b') } }), false, NOW);
        }
        // Sorting is stable: those of one time stay as they came.
        const expected = all.toSorted((one, other) => one.t - other.t);
        const shown = fold.value() as Record<string, (number | null)[]>;
        expect(shown['t']).toEqual(expected.map(({ t }) => t));
        for (const name of ['a', 'b']) {
          if (all.length === 0 && shown[name] === undefined) continue;
          expect(shown[name]).toEqual(expected.map((point) => (point.name === name ? point.mark : null)));
        }
      }),
    );
  });

  test('[C27] a point of the far future is left out and counted, and the window goes on', () => {
    const fold = createSeriesFold(3);
    fold.apply(push({ d: { t: [1, NOW + 1, 2], v: [1, 9, 2] } }), true, NOW);
    fold.apply(push({ d: { t: [NOW + 3_600_000], v: [9] } }), false, NOW);
    for (let t = 3; t <= 8; t++) fold.apply(push({ d: { t: [t], v: [t] } }), false, NOW);
    expect(fold.value()).toEqual({ t: [6, 7, 8], v: [6, 7, 8] });
    expect(fold.leftOut).toBe(2);
  });

  test('[C27] a series is forgotten with its last value, and one that was null from its first point on is not', () => {
    const fold = createSeriesFold(3);
    for (let t = 0; t < 14; t++) {
      fold.apply(push({ d: { t: [t], [`pod-${t}`]: [t], unknown: [null] } }), false, NOW);
      fold.value();
    }
    expect(Object.keys(fold.value() as object).sort()).toEqual(['pod-11', 'pod-12', 'pod-13', 't', 'unknown']);
  });

  test('[C27] keeps less memory than twice what it shows, however much comes unseen', () => {
    const fold = createSeriesFold(10);
    for (let t = 0; t < 1_000; t++) fold.apply(push({ d: { t: [t], v: [t] } }), false, NOW);
    fold.keep(5);
    const shown = fold.value() as { t: number[] };
    expect(shown.t).toEqual([995, 996, 997, 998, 999]);
  });
});

describe('a log', () => {
  test('[C28] has the newest entries, oldest first', () => {
    const fold = createLogFold(3);
    for (let i = 1; i <= 10; i++) fold.apply(push({ d: i }), false, NOW);
    expect(fold.value()).toEqual([8, 9, 10]);
    fold.apply(push({ d: [1, 2, 3, 4] }), true, NOW);
    expect(fold.value()).toEqual([2, 3, 4]);
    fold.apply(push({ d: ['an entry that is a list'] }), false, NOW);
    expect(fold.value()).toEqual([3, 4, ['an entry that is a list']]);
  });
});

describe('every kind', () => {
  test.each(KINDS)('[C29] %s: a push that is not of its kind changes nothing', (kind) => {
    const good: Record<string, PushFrame> = {
      state: push({ d: { a: 1 } }),
      table: push({ u: [{ id: 1 }] }),
      series: push({ d: { t: [1], v: [2] } }),
      log: push({ d: 'entry' }),
      signal: push({ d: 'now' }),
    };
    const fold = createFold(kind, 10, 'id');
    expect(fold.apply(good[kind] as PushFrame, false, NOW)).toBe(true);
    const before = structuredClone(fold.value());
    const bodies = fc.record(
      { d: fc.jsonValue(), m: fc.jsonValue(), u: fc.jsonValue(), x: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(bodies, fc.boolean(), (body, reset) => {
        const fresh = createFold(kind, 10, 'id');
        fresh.apply(good[kind] as PushFrame, false, NOW);
        if (!fresh.apply(push(body as Partial<PushFrame>), reset, NOW)) expect(fresh.value()).toEqual(before);
        fresh.value();
      }),
    );
  });

  test.each(KINDS)('%s: cleared, it holds nothing', (kind) => {
    const fold = createFold(kind, 10, 'id');
    fold.apply(
      push(kind === 'series' ? { d: { t: [1], v: [1] } } : kind === 'table' ? { u: [{ id: 1 }] } : { d: 1 }),
      false,
      NOW,
    );
    fold.clear();
    expect(fold.value()).toEqual(createFold(kind, 10, 'id').value());
  });
});
