import { type Clock, type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { Turns } from '../turns.ts';
import type { SqlAnswer, SqlColumn } from './answer.ts';
import { NO_TIME } from './values/no-value.ts';
import { readTime } from './values/read-time.ts';
import type { TimeZone } from './values/time-zone.ts';

export interface RowsOptions {
  readonly clock: Clock;
  readonly zone: TimeZone;
  /** The column that becomes `t`, in ms. */
  readonly timeField: string | undefined;
  refused(reason: string): void;
}

/** A row, and where it stands in the answer. */
export interface SqlRow {
  readonly row: JsonObject;
  readonly index: number;
}

/**
 * The rows of an answer by the names of their columns. What JSON has no place for is null, and counted; rows without a
 * time are left out, and counted, where there is a column for it.
 *
 * @throws TidewallError source_error naming the columns that are named twice, or the one that is missing
 */
export async function rowsOfAnswer(answer: SqlAnswer, options: RowsOptions): Promise<readonly SqlRow[]> {
  const { columns, rows } = answer;
  refuseTwins(columns);
  const { timeField } = options;
  if (timeField !== undefined) refuseTimes(columns, timeField);
  const turns = new Turns(options.clock);
  const lost = new Map<string, number>();
  const made: SqlRow[] = [];
  let timeless = 0;
  for (const [index, raw] of rows.entries()) {
    const row = rowOf(columns, raw, lost);
    if (timeField === undefined) made.push({ row, index });
    else {
      const timed = withTime(row, timeField, options.zone);
      if (timed === undefined) timeless += 1;
      else made.push({ row: timed, index });
    }
    await turns.step();
  }
  for (const [what, count] of lost) options.refused(`${what} in ${count} of ${rows.length} rows: null in its place`);
  if (timeless > 0)
    options.refused(`${timeless} of ${rows.length} rows have no time in ${timeField} (timeField), and are left out`);
  return made;
}

/** Which column has that name. @throws TidewallError source_error naming the setting, and the columns that there are */
export function columnAt(columns: readonly SqlColumn[], name: string, setting: string): number {
  const place = columns.findIndex((column) => column.name === name);
  if (place >= 0) return place;
  const known = columns.map((column) => column.name).join(', ');
  throw new TidewallError(
    'source_error',
    `the query answers no column ${JSON.stringify(name)} (${setting}); it answers ${known}`,
  );
}

function refuseTimes(columns: readonly SqlColumn[], timeField: string): void {
  columnAt(columns, timeField, 'timeField');
  if (timeField === 't' || columns.every(({ name }) => name !== 't')) return;
  throw new TidewallError(
    'source_error',
    `the query answers a column "t" beside ${JSON.stringify(timeField)} (timeField), which becomes t; name it otherwise by AS`,
  );
}

function refuseTwins(columns: readonly SqlColumn[]): void {
  const names = columns.map(({ name }) => name);
  const twins = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  if (twins.size === 0) return;
  const listed = [...twins].map((name) => JSON.stringify(name)).join(', ');
  throw new TidewallError(
    'source_error',
    `the query answers several columns that are named ${listed}; name each by its own AS`,
  );
}

function rowOf(columns: readonly SqlColumn[], raw: readonly unknown[], lost: Map<string, number>): JsonObject {
  const row: JsonObject = {};
  for (const [place, { name, read }] of columns.entries()) {
    const value = raw[place] ?? null;
    const json = value === null ? null : read(value);
    if (typeof json !== 'symbol') setOwn(row, name, json);
    else {
      const what = `${name} holds ${json === NO_TIME ? 'what is no time' : 'NaN or an infinite number'}`;
      lost.set(what, (lost.get(what) ?? 0) + 1);
      setOwn(row, name, null);
    }
  }
  return row;
}

function withTime(row: JsonObject, timeField: string, zone: TimeZone): JsonObject | undefined {
  const t = timeOf(row[timeField] ?? null, zone);
  if (t === undefined) return undefined;
  const { [timeField]: _, ...rest } = row;
  return { t, ...rest };
}

function timeOf(value: JsonValue, zone: TimeZone): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? readTime(value, zone) : undefined;
}
