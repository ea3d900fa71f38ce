import type { CellType } from '../cell.ts';
import type { ColumnGuess } from './column-guess.ts';
import type { CsvForm, RowUse } from './csv-form.ts';
import type { Column } from './row-maker.ts';
import { compileTimeFormat } from './time-format.ts';

/** A column with the type that the configuration says, else with the one that its cells have. */
export function typedColumn(
  name: string,
  guess: ColumnGuess | undefined,
  { types, dates }: Pick<CsvForm, 'types' | 'dates'>,
  use: RowUse,
): Column {
  const declared = Object.hasOwn(types, name) ? types[name] : undefined;
  const format = Object.hasOwn(dates, name) ? dates[name] : undefined;
  return {
    name,
    type: format === undefined ? (declared ?? typeOf(guess, use)) : 'date-time',
    isDeclared: declared !== undefined || format !== undefined,
    readTime: format === undefined ? undefined : compileTimeFormat(format),
  };
}

/**
 * Of a column of which nothing is known yet, a log finds out cell by cell, and a series waits for numbers; a table has
 * seen all there is.
 */
function typeOf(guess: ColumnGuess | undefined, use: RowUse): CellType | undefined {
  if (use === 'series') return guess?.isMostlyNumbers || guess?.type === undefined ? 'number' : guess.type;
  return guess?.type ?? (use === 'log' ? undefined : 'text');
}
