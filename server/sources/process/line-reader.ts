import { isJsonObject, type JsonObject, type JsonValue, parseJson, setOwn } from '@tidewall/base';
import { booleanOf, isNotFinite, numberOf } from '../cell.ts';
import { columnNames, MAX_COLUMNS } from '../column-names.ts';
import { pointOf } from '../point.ts';
import { type CsvFault, type CsvRecord, RecordSplitter } from '../record-splitter.ts';
import type { ProcessConfig } from './config.ts';

/** What a line says, or why it says nothing; undefined for a line that carries no data (empty, the header). */
export type LineReading = { readonly data: JsonValue } | { readonly refused: string } | undefined;

/**
 * A reader of the lines of one run, in order.
 *
 * A `log`, a `state` or a `signal` takes any data; for a `series` and a `table` each line must be an object, and of a series'
 * objects only numbers and nulls are taken.
 */
export function createLineReader({ parse: format, topicKind: kind }: Pick<ProcessConfig, 'parse' | 'topicKind'>) {
  const read = format === 'json' ? readJson : format === 'csv' ? createCsvReader() : createTextReader(kind);
  return (line: string, at: number): LineReading => {
    const reading = read(line, at);
    if (!reading || 'refused' in reading || (kind !== 'series' && kind !== 'table')) return reading;
    if (!isJsonObject(reading.data)) return { refused: `a line is not an object: ${shortened(line)}` };
    if (kind === 'table') return reading;
    const point = pointOf(reading.data, at);
    return point ? { data: point } : { refused: `a line has no number: ${shortened(line)}` };
  };
}

type ReadLine = (line: string, at: number) => LineReading;

/** An entry of a `log` carries its time, as a feed of events shows it; a `state` is the line itself. */
function createTextReader(kind: ProcessConfig['topicKind']): ReadLine {
  return (line, at) => (kind === 'log' ? { data: { t: at, text: line } } : { data: line });
}

function readJson(line: string): LineReading {
  if (line.trim() === '') return undefined;
  try {
    return { data: parseJson(line) };
  } catch (failure) {
    return { refused: `a line is not JSON (${(failure as Error).message}): ${shortened(line)}` };
  }
}

/** Each line is one record: a quoted cell may hold the delimiter, but no line break. Types are found out cell by cell. */
function createCsvReader(): ReadLine {
  let columns: readonly string[] | undefined;
  return (line) => {
    if (line.trim() === '') return undefined;
    const record = recordOf(line);
    if ('fault' in record) return { refused: `a line ${record.fault}: ${shortened(line)}` };
    const { cells } = record;
    if (!columns) {
      if (cells.length > MAX_COLUMNS) {
        return { refused: `the header has ${cells.length} columns, at most ${MAX_COLUMNS} are read` };
      }
      columns = columnNames(cells);
      return undefined;
    }
    if (cells.length !== columns.length) {
      return { refused: `a line has ${cells.length} cells where the header has ${columns.length}: ${shortened(line)}` };
    }
    const row: JsonObject = {};
    for (const [index, name] of columns.entries()) setOwn(row, name, typedCell(cells[index] ?? ''));
    return { data: row };
  };
}

function recordOf(line: string): CsvRecord | CsvFault {
  const splitter = new RecordSplitter({ delimiter: ',', quote: '"' });
  const [record = { line: 1, fault: 'holds nothing', cellCount: 0 }] = [...splitter.push(line), ...splitter.end()];
  return record;
}

function typedCell(cell: string): JsonValue {
  if (cell.trim() === '' || isNotFinite(cell)) return null;
  return numberOf(cell) ?? booleanOf(cell) ?? cell;
}

function shortened(line: string): string {
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
