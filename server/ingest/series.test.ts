import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldValue } from './field.ts';
import { Series } from './series.ts';

const seriesOf = (...labels: [string, string][]) =>
  new Series(
    'ingest/x/cpu',
    'id',
    labels.map(([name, value]) => ({ name, value })),
  );

function take(series: Series, t: number, values: Record<string, FieldValue>): void {
  const names = Object.keys(values);
  const fields = names.map((name) => series.field(name) ?? series.addField(name, name));
  series.take(t, fields, Object.values(values), names.length);
}

function published(series: Series): { columns: unknown; repeated: number } {
  let repeated = 0;
  const points = series.takePoints((count) => {
    repeated += count;
  });
  return { columns: points?.columns, repeated };
}

describe('points', () => {
  test('[I3] are handed over once, in order of time, with null where a field says nothing', () => {
    const series = seriesOf();
    take(series, 2, { a: 20, b: 'text' });
    take(series, 1, { a: 10, c: true });
    take(series, 2, { c: false });
    expect(published(series)).toEqual({ columns: { t: [1, 2], a: [10, 20], c: [1, 0] }, repeated: 0 });
    expect(published(series)).toEqual({ columns: undefined, repeated: 0 });
  });

  test('[I3] a series of texts alone has none', () => {
    const series = seriesOf();
    take(series, 1, { a: 'x' });
    expect(published(series).columns).toBeUndefined();
    expect(series.takeRow()).toEqual({ id: 'id', a: 'x', t: 1 });
  });

  test('[I4] a value that comes again or late is left out, field by field', () => {
    const series = seriesOf();
    take(series, 10, { a: 1 });
    published(series);
    take(series, 10, { a: 1, b: 5 });
    take(series, 9, { a: 0 });
    take(series, 11, { a: 2 });
    expect(published(series)).toEqual({ columns: { t: [10, 11], a: [null, 2], b: [5, null] }, repeated: 2 });
    take(series, 11, { a: 2, b: 6 });
    expect(published(series)).toEqual({ columns: { t: [11], b: [6] }, repeated: 1 });
  });

  test('[I4] null is a value, too', () => {
    const series = seriesOf();
    take(series, 1, { a: null });
    expect(published(series).columns).toEqual({ t: [1], a: [null] });
    take(series, 1, { a: null });
    expect(published(series)).toEqual({ columns: undefined, repeated: 1 });
  });

  test('[I4] however they come, each value is handed over once, and no field goes back', () => {
    const sample = fc.record({ t: fc.nat(12), a: fc.option(fc.nat(9)), b: fc.option(fc.nat(9)) });
    fc.assert(
      fc.property(fc.array(fc.array(sample, { maxLength: 8 }), { maxLength: 6 }), (batches) => {
        const series = seriesOf();
        const seen = { a: Number.NEGATIVE_INFINITY, b: Number.NEGATIVE_INFINITY };
        for (const batch of batches) {
          for (const { t, ...values } of batch) {
            take(series, t, Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)));
          }
          const { t = [], ...columns } = (published(series).columns ?? {}) as Record<string, (number | null)[]>;
          expect(t.every((time, i) => i === 0 || (time as number) > (t[i - 1] as number))).toBe(true);
          for (const [name, column] of Object.entries(columns) as ['a' | 'b', (number | null)[]][]) {
            expect(column).toHaveLength(t.length);
            const times = t.filter((_, i) => column[i] !== null) as number[];
            expect(times.every((time) => time > seen[name])).toBe(true);
            seen[name] = times.at(-1) ?? seen[name];
          }
          for (const { t: time, a } of batch) if (a !== null) expect(seen.a).toBeGreaterThanOrEqual(time);
        }
      }),
    );
  });

  test('[I5] what its topic kept is known after it was recalled', () => {
    const series = seriesOf();
    take(series, 5, { a: 1 });
    take(series, 6, { a: 2 });
    series.recallPoints(['{"t":[5],"a":[1],"b":[null]}', '{"t":[3,4],"b":[7,8],"a":[0,0]}']);
    expect(published(series)).toEqual({ columns: { t: [6], a: [2] }, repeated: 1 });
    // Of a field that this process had not heard of, too.
    take(series, 4, { b: 8 });
    take(series, 5, { b: 9 });
    expect(published(series)).toEqual({ columns: { t: [5], b: [9] }, repeated: 1 });
  });
});

describe('the row', () => {
  test('[I6] has the labels, and the newest value of each field with the time of the newest of all', () => {
    const series = seriesOf(['host', 'a']);
    take(series, 2, { load: 1, state: 'on' });
    take(series, 1, { load: 9, up: true });
    expect(series.takeRow()).toEqual({ id: 'id', host: 'a', load: 1, state: 'on', up: true, t: 2 });
    expect(series.takeRow()).toBeUndefined();
    take(series, 2, { load: 1 });
    expect(series.takeRow()).toBeUndefined();
    take(series, 2, { load: 5 });
    expect(series.takeRow()).toMatchObject({ load: 5, t: 2 });
  });

  test('[I7] names that mean something in a row, and fields called like a label, have ~ before them', () => {
    const series = seriesOf(['id', 'x'], ['t', 'y'], ['~a', 'z'], ['host', 'h']);
    take(series, 1, { id: 1, t: 2, host: 3, '~b': 4, __proto__x: 5 });
    const row = { id: 'id', '~id': 'x', '~t': 'y', '~~a': 'z', host: 'h', '~~id': 1, '~~t': 2, '~host': 3, '~~b': 4 };
    expect(series.takeRow()).toEqual({ ...row, __proto__x: 5, t: 1 });
    expect(Object.keys(published(series).columns as object)).toEqual([
      't',
      '~~id',
      '~~t',
      '~host',
      '~~b',
      '__proto__x',
    ]);
  });

  test('[I5] what the row held is there after it was recalled, unless something newer was said', () => {
    const series = seriesOf(['host', 'a']);
    take(series, 5, { a: 1, b: 2 });
    series.recallRow({ id: 'id', host: 'a', a: 7, c: 'x', t: 4 });
    expect(series.takeRow()).toEqual({ id: 'id', host: 'a', c: 'x', a: 1, b: 2, t: 5 });
    take(series, 6, { c: 'y' });
    expect(series.takeRow()).toEqual({ id: 'id', host: 'a', a: 1, b: 2, c: 'y', t: 6 });
    const late = seriesOf();
    take(late, 5, { a: 1 });
    late.recallRow({ id: 'id', a: 7, t: 9 });
    expect(late.takeRow()).toMatchObject({ a: 7, t: 9 });
  });

  test('its JSON is never longer than it says', () => {
    const value = fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: 'binary' }), fc.constant(null));
    const names = fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(names, fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), value), (labels, fields) => {
        const series = seriesOf(...Object.entries(labels));
        take(series, 1_700_000_000_000.125, fields);
        const row = series.takeRow();
        if (row !== undefined) expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThanOrEqual(series.rowBytes);
      }),
    );
  });
});
