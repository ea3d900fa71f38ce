import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStreamWindow, fieldsOf, type WindowWish } from './window.ts';

const wish = (windowMs: number, now = 1e13): WindowWish => ({ windowMs, now });

describe('createStreamWindow', () => {
  it('takes what is in the window and one point before it', () => {
    const live = { t: [0, 1000, 2000, 3000, 4000], a: [1, 2, 3, 4, 5] };
    const window = createStreamWindow().read(live, ['a'], wish(2000));
    expect(window.columns).toEqual([
      [1000, 2000, 3000, 4000],
      [2, 3, 4, 5],
    ]);
    expect([window.from, window.to, window.low, window.high]).toEqual([2000, 4000, 2, 5]);
  });

  it('breaks the line where the source was silent', () => {
    const t = [0, 1000, 2000, 3000, 4000, 60_000, 61_000, 62_000, 63_000, 64_000, 65_000, 66_000];
    const { columns } = createStreamWindow().read({ t, a: t.map(() => 1) }, ['a'], wish(100_000));
    expect(columns[0]).toHaveLength(t.length + 1);
    expect(columns[1]?.[5]).toBeNull();
    expect(columns[0][5]).toBe(32_000);
  });

  it('makes a gap of what is no number, and of a field that is not there', () => {
    const live = { t: [0, 1, 2], a: [Number.NaN, null, 3] };
    const { columns, low, high } = createStreamWindow().read(live, ['a', 'b', 'toString'], wish(10));
    expect(columns.slice(1)).toEqual([
      [null, null, 3],
      [null, null, null],
      [null, null, null],
    ]);
    expect([low, high]).toEqual([3, 3]);
  });

  it('uses its arrays again and shrinks them', () => {
    const window = createStreamWindow();
    const first = window.read({ t: [0, 1, 2], a: [1, 2, 3], b: [1, 2, 3] }, ['a', 'b'], wish(10)).columns;
    const times = first[0];
    const next = window.read({ t: [5], a: [1] }, ['a'], wish(10)).columns;
    expect(next[0]).toBe(times);
    expect(next).toEqual([[5], [1]]);
  });

  it('is empty for no data', () => {
    const { columns, to } = createStreamWindow().read({ t: [] }, ['a'], wish(10));
    expect(columns).toEqual([[], []]);
    expect(to).toBeNaN();
  });

  it('leaves out what is ahead of the clock, so that one such point does not flatten the rest', () => {
    const live = { t: [1000, 2000, 3000, 3_603_000], a: [1, 2, 3, 1e6] };
    const window = createStreamWindow().read(live, ['a'], wish(10_000, 3000));
    expect(window.columns[0]).toEqual([1000, 2000, 3000]);
    expect([window.to, window.high]).toEqual([3000, 3]);
  });

  it('bears a second of difference between two clocks, and a source that is ahead altogether', () => {
    const read = (now: number) => createStreamWindow().read({ t: [5000, 6000], a: [1, 2] }, ['a'], wish(10_000, now));
    expect(read(5000).to).toBe(6000);
    expect(read(4999).to).toBe(5000);
    expect(read(0).to).toBe(6000);
  });

  it('keeps times ascending and columns of one length', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 500_000 }), (gaps, windowMs) => {
        let time = 0;
        const t = gaps.map((gap) => {
          time += gap;
          return time;
        });
        const { columns } = createStreamWindow().read({ t, a: t }, ['a'], wish(windowMs));
        expect(columns[1]).toHaveLength(columns[0].length);
        for (let i = 1; i < columns[0].length; i++) {
          expect(columns[0][i] as number).toBeGreaterThan(columns[0][i - 1] as number);
        }
      }),
    );
  });
});

describe('fieldsOf', () => {
  it('is every column but the time', () => {
    expect(fieldsOf({ t: [], a: [], b: [], c: [] }, 2, wish(10))).toEqual(['a', 'b']);
  });

  it('leaves the dead out, which have no number in the window', () => {
    const live = {
      t: [0, 1000, 2000, 3000],
      old: [1, null, null, null],
      nan: [NaN, NaN, NaN, NaN],
      a: [1, 2, 3, null],
    };
    expect(fieldsOf(live, 2, wish(1500))).toEqual(['a']);
    expect(fieldsOf(live, 2, wish(3000))).toEqual(['old', 'a']);
  });
});
