import { isJsonObject, type JsonObject, type JsonValue, parseJson, setOwn } from '@tidewall/base';
import { parse } from 'csv-parse/sync';
import { booleanOf, numberOf } from '../cell.ts';
import { pointOf } from '../point.ts';
import type { ProcessConfig } from './config.ts';

/** What a line says, or why it says nothing; undefined for a line that carries no data (empty, the header). */
export type LineReading = { readonly data: JsonValue } | { readonly refused: string } | undefined;

/**
 * A reader of the lines of one run, in order.
 *
 * A `log` or a `state` takes any data; for a `series` and a `table` each line must be an object, and of a series'
 * objects only numbers and nulls are taken.
 */
export function createLineReader({ parse: format, topicKind: kind }: Pick<ProcessConfig, 'parse' | 'topicKind'>) {
  const read = format === 'json' ? readJson : format === 'csv' ? createCsvReader() : createTextReader(kind);
  return (line: string, at: number): LineReading => {
    const reading = read(line, at);
    if (!reading || 'refused' in reading || kind === 'log' || kind === 'state') return reading;
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
    const cells = cellsOf(line);
    if (!cells) return { refused: `a line is not CSV: ${shortened(line)}` };
    if (!columns) {
      const names = cells.map((name) => name.trim());
      if (names.includes('')) return { refused: `the header has a column without a name: ${shortened(line)}` };
      if (new Set(names).size < names.length) return { refused: `the header names a column twice: ${shortened(line)}` };
      columns = names;
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

function cellsOf(line: string): string[] | undefined {
  try {
    return (parse(line, { relax_column_count: true }) as string[][])[0];
  } catch {
    return undefined;
  }
}

function typedCell(cell: string): JsonValue {
  if (cell.trim() === '') return null;
  return numberOf(cell) ?? booleanOf(cell) ?? cell;
}

function shortened(line: string): string {
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
