import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNotFinite, numberOf } from './cell.ts';

describe('a number', () => {
  it.each([
    ['0', 0],
    ['-1.5', -1.5],
    ['+3', 3],
    ['.5', 0.5],
    ['1e3', 1000],
    [' 7 ', 7],
  ])('is %j', (cell, value) => {
    expect(numberOf(cell)).toBe(value);
  });

  it.each(['007', '1,234', '0x10', '', '.', '-', 'e5', '1e999', 'NaN', 'Infinity', '1_000', '12 kg'])(
    'is not %j',
    (cell) => {
      expect(numberOf(cell)).toBeUndefined();
    },
  );

  it('is nothing that a double would change: a long id stays text', () => {
    expect(numberOf('999999999999999')).toBe(999_999_999_999_999);
    expect(numberOf('6222021234567890123')).toBeUndefined();
  });
});

describe('no number', () => {
  it.each(['NaN', 'nan', 'Infinity', '-inf', '+INF', '∞', '#N/A', '#DIV/0!', ' NaN '])('is what %j says', (cell) => {
    expect(isNotFinite(cell)).toBe(true);
  });

  it.each(['Nancy', 'info', '', 'N/A', '0', 'infinite'])('is not what %j says', (cell) => {
    expect(isNotFinite(cell)).toBe(false);
  });
});

it('numbers are those that JSON and a plus know, whatever else stands in a cell', () => {
  const known = /^[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?$/;
  const cells = fc.string({ unit: fc.constantFrom(...'0123456789.+-eE ,_x'), maxLength: 12 });
  fc.assert(
    fc.property(cells, (cell) => {
      const text = cell.trim();
      const digits = (text.split(/[eE]/)[0] ?? '').replace(/\D/g, '').replace(/^0+/, '');
      const isNumber = /^[+-]?\.?\d/.test(text) && known.test(text) && digits.length <= 15;
      expect(numberOf(cell)).toBe(isNumber && Number.isFinite(Number(text)) ? Number(text) : undefined);
    }),
    { numRuns: 2_000 },
  );
});
