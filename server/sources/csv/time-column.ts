import type { TidewallError } from '@tidewall/protocol';
import { isoTime } from '../wall-time.ts';
import type { CsvForm, RowUse } from './csv-form.ts';
import type { Column, TimeColumn } from './row-maker.ts';
import { compileTimeFormat, type ReadTime } from './time-format.ts';

/** What a number says where a time is wanted. */
const UNIX_MS: ReadTime = compileTimeFormat('unix-ms');
/** Columns that a sentence names. */
const MOST_NAMED = 20;

/**
 * The column that the time of a row is in: the one that the configuration names; of a series, which must have one, else
 * the one that is called `t`, or the first that holds times.
 *
 * @throws what `failure` makes of the sentence, when a series has no time, or nothing beside it
 */
export function timeColumnOf(
  columns: readonly Column[],
  { timeField }: Pick<CsvForm, 'timeField'>,
  use: RowUse,
  failure: (what: string) => TidewallError,
): TimeColumn | undefined {
  const named = find(columns, ({ name }) => name === (timeField ?? (use === 'series' ? 't' : undefined)));
  if (use !== 'series') return named;
  const found = named ?? find(columns, ({ type }) => type === 'date-time');
  if (found === undefined) {
    const names = columns.map(({ name }) => name).slice(0, MOST_NAMED);
    throw failure(`has no column of times; name it in the setting "timeField": it has ${names.join(', ')}`);
  }
  if (columns.some(({ type }, index) => type === 'number' && index !== found.index)) return found;
  throw failure(`has no column of numbers beside its time, "${columns[found.index]?.name}", for a series`);
}

function find(columns: readonly Column[], is: (column: Column) => boolean): TimeColumn | undefined {
  const index = columns.findIndex(is);
  const column = columns[index];
  if (column === undefined) return undefined;
  return { index, read: column.readTime ?? (column.type === 'number' ? UNIX_MS : isoTime) };
}
