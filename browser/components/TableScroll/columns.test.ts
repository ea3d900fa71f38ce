import { describe, expect, it } from 'vitest';
import { drawnColumns, largestOf } from './columns.ts';
import { propsSchema } from './definition.ts';

describe('drawnColumns', () => {
  it('puts numbers to the right and writes them as the column says', () => {
    const props = propsSchema.parse({
      columns: [
        { field: 'name', label: { zh: '名称', en: 'Name' } },
        { field: 'used', format: 'bytes', decimals: 1, bar: true },
        { field: 't', format: 'time' },
      ],
      timeZone: 'UTC',
    });
    const [name, used, t] = drawnColumns(props, [], 'zh');
    expect(name).toMatchObject({ label: '名称', align: 'left' });
    expect(used).toMatchObject({ label: 'used', align: 'right', bar: true });
    expect(used?.text(1536)).toBe('1.5 KiB');
    expect(t?.text(0)).toBe('00:00:00');
  });

  it('takes the fields of the first row when the props name none', () => {
    const columns = drawnColumns(propsSchema.parse({}), [{ city: 'Xi’an', load: 1.5, up: true }], 'en');
    expect(columns.map(({ label, align }) => [label, align])).toEqual([
      ['city', 'left'],
      ['load', 'right'],
      ['up', 'left'],
    ]);
    expect(columns[1]?.text(2)).toBe('2.00');
  });

  it('writes a dash for what is not there and JSON for what is no text', () => {
    const [column] = drawnColumns(propsSchema.parse({ columns: [{ field: 'a' }] }), [], 'en');
    expect([null, undefined, true, { b: 1 }].map((value) => column?.text(value))).toEqual([
      '—',
      '—',
      'true',
      '{"b":1}',
    ]);
  });
});

describe('largestOf', () => {
  it('looks past what is no number', () => {
    expect(largestOf([{ a: 3 }, { a: null }, { a: -9 }, { a: 'x' }, {}], 'a')).toBe(9);
    expect(largestOf([], 'a')).toBe(0);
  });
});
