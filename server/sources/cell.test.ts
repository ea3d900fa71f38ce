import { describe, expect, it } from 'vitest';
import { CellTypeGuess, cellValue, numberOf } from './cell.ts';

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

describe('the type of a column', () => {
  it.each([
    [['1', '', '2.5'], 'number'],
    [['true', 'FALSE'], 'boolean'],
    [['2026-02-28', '2026-02-28T10:00:00Z', '2026-02-28 10:00'], 'date-time'],
    [['1', 'true'], 'text'],
    [['2026-13-01'], 'text'],
    [['', ' '], 'text'],
    [[], 'text'],
  ])('of %j is %s', (cells, type) => {
    const guess = new CellTypeGuess();
    for (const cell of cells) guess.add(cell);
    expect(guess.type).toBe(type);
  });
});

it('an empty cell is null in a column of any type, and text is kept as it was written', () => {
  expect(cellValue(' ', 'number')).toBeNull();
  expect(cellValue('', 'text')).toBeNull();
  expect(cellValue(' a ', 'text')).toBe(' a ');
  expect(cellValue('x', 'boolean')).toBeUndefined();
});
