import { type Clock, type JsonObject, setOwn } from '@tidewall/base';
import { type Limits, TidewallError } from '@tidewall/protocol';
import { type CellType, CellTypeGuess, cellValue } from '../cell.ts';
import { Turns } from '../turns.ts';
import { type CsvConfig, ROW_NUMBER_FIELD } from './config.ts';
import { type CsvRecord, type ReadRecordsOptions, readRecords } from './read-records.ts';

export const MAX_COLUMNS = 256;

export interface ReadTableOptions extends ReadRecordsOptions, Pick<CsvConfig, 'header' | 'keyField' | 'types'> {
  readonly clock: Clock;
  /** A row that is no publication is refused alone, a table that the hub does not take as a whole. */
  readonly limits: Pick<Limits, 'publicationBytes' | 'tableRows' | 'tableBytes'>;
}

/**
 * The rows of a CSV file, each with a key of its own. A row that does not fit the others is refused by its line, and the
 * rest goes on.
 *
 * The type of a column is the one that all its cells have (see `inferCellType`), unless the configuration names it; an
 * empty cell is null.
 *
 * @throws TidewallError source_error naming the path: a header that names nothing or something twice, too much of
 *   anything, a column of the configuration that the file lacks
 */
export async function readTable(options: ReadTableOptions): Promise<JsonObject[]> {
  const { tableRows } = options.limits;
  let columns: readonly string[] | undefined;
  let guesses: readonly CellTypeGuess[] = [];
  const records: CsvRecord[] = [];
  const turns = new Turns(options.clock);
  for await (const record of readRecords(options)) {
    await turns.step();
    if (!columns) {
      columns = options.header ? record.cells.map((name) => name.trim()) : record.cells.map((_, i) => `column${i + 1}`);
      checkColumns(columns, options);
      guesses = columns.map(() => new CellTypeGuess());
      if (options.header) continue;
    }
    if (record.cells.length !== columns.length) {
      const [has, wants] = [record.cells.length, columns.length];
      options.refused(`line ${record.line} has ${cells(has)} where the header has ${wants}`);
      continue;
    }
    if (records.length >= tableRows)
      throw failure(options, `has more than ${tableRows} rows, the most of a table (limits.tableRows)`);
    records.push(record);
    for (const [index, guess] of guesses.entries()) guess.add(record.cells[index] ?? '');
  }
  return toRows(records, columns ?? [], guesses, options, turns);
}

function checkColumns(columns: readonly string[], options: ReadTableOptions): void {
  if (columns.length > MAX_COLUMNS) {
    throw failure(options, `has ${columns.length} columns, at most ${MAX_COLUMNS} are read`);
  }
  const seen = new Set<string>();
  for (const [index, name] of columns.entries()) {
    if (name === '') throw failure(options, `has no name for column ${index + 1} in its header`);
    if (seen.has(name)) throw failure(options, `names the column "${name}" twice in its header`);
    seen.add(name);
  }
  if (options.keyField === undefined && seen.has(ROW_NUMBER_FIELD)) {
    throw failure(options, `has a column "${ROW_NUMBER_FIELD}": name it as keyField`);
  }
  for (const name of [...(options.keyField === undefined ? [] : [options.keyField]), ...Object.keys(options.types)]) {
    if (!seen.has(name)) throw failure(options, `has no column "${name}", it has ${columns.slice(0, 20).join(', ')}`);
  }
}

async function toRows(
  records: readonly CsvRecord[],
  columns: readonly string[],
  guesses: readonly CellTypeGuess[],
  options: ReadTableOptions,
  turns: Turns,
): Promise<JsonObject[]> {
  const { publicationBytes, tableBytes } = options.limits;
  const types = columns.map((name, index): CellType => {
    const named = Object.hasOwn(options.types, name) ? options.types[name] : undefined;
    return named ?? guesses[index]?.type ?? 'text';
  });
  const rows: JsonObject[] = [];
  const lineOfKey = new Map<string, number>();
  let length = 0;
  for (const { cells: record, line } of records) {
    await turns.step();
    if (options.signal.aborted) return rows;
    const row = toRow(record, columns, types, line, options);
    if (!row) continue;
    if (options.keyField === undefined) row[ROW_NUMBER_FIELD] = rows.length + 1;
    else if (!keyIsFree(row, options.keyField, line, lineOfKey, options)) continue;
    const json = JSON.stringify(row);
    if (Buffer.byteLength(json) + 2 > publicationBytes) {
      options.refused(`line ${line} makes a row of more than ${publicationBytes} bytes`);
      continue;
    }
    // Measured as the hub measures a table.
    length += json.length;
    if (length > tableBytes)
      throw failure(options, `makes a table of more than ${tableBytes} bytes, the most of one (limits.tableBytes)`);
    rows.push(row);
  }
  return rows;
}

function toRow(
  record: readonly string[],
  columns: readonly string[],
  types: readonly CellType[],
  line: number,
  options: ReadTableOptions,
): JsonObject | undefined {
  const row: JsonObject = {};
  for (const [index, name] of columns.entries()) {
    const cell = record[index] ?? '';
    const type = types[index] ?? 'text';
    const value = cellValue(cell, type);
    if (value === undefined) {
      options.refused(`line ${line} has "${cell.slice(0, 40)}" in column "${name}", which is of type ${type}`);
      return undefined;
    }
    setOwn(row, name, value);
  }
  return row;
}

function keyIsFree(
  row: JsonObject,
  keyField: string,
  line: number,
  lineOfKey: Map<string, number>,
  options: ReadTableOptions,
): boolean {
  const key = Object.hasOwn(row, keyField) ? row[keyField] : null;
  if (typeof key !== 'string' && typeof key !== 'number') {
    options.refused(`line ${line} has no key in column "${keyField}"`);
    return false;
  }
  const taken = lineOfKey.get(String(key));
  if (taken !== undefined) {
    options.refused(`line ${line} has the key "${key}" of line ${taken} again`);
    return false;
  }
  lineOfKey.set(String(key), line);
  return true;
}

function cells(count: number): string {
  return count === 1 ? '1 cell' : `${count} cells`;
}

function failure({ path }: ReadTableOptions, what: string): TidewallError {
  return new TidewallError('source_error', `${path} ${what}`);
}
