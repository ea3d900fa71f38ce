import { type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import type { CellType } from '../cell.ts';
import type { CsvRecord } from '../record-splitter.ts';
import { isoTime } from '../wall-time.ts';
import type { CellFormat } from './cell-format.ts';
import type { ReadTime } from './time-format.ts';

/** A column, and what its cells are. */
export interface Column {
  readonly name: string;
  /** Undefined when nothing is known: each cell is what it looks like. */
  readonly type: CellType | undefined;
  /** Whether the configuration says so: a cell of another type is wrong then. */
  readonly isDeclared: boolean;
  /** How its times are written, when in a form of its own. */
  readonly readTime: ReadTime | undefined;
}

/** What is said of rows and cells that do not become what they should. */
export interface RowEvents {
  /** A row is left out. */
  refused(reason: string): void;
  /** A cell is null that was not empty. */
  nulled(why: 'not finite' | 'no number', cell: string, line: number, column: string): void;
}

/** Makes rows of records; undefined when one is refused. */
export type MakeRow = (record: CsvRecord) => JsonObject | undefined;

/** The column that holds the time of a row. */
export interface TimeColumn {
  readonly index: number;
  readonly read: ReadTime;
}

export interface RowMakerOptions {
  readonly columns: readonly Column[];
  readonly format: CellFormat;
  /** Present: a row has its time as `t`, ms since 1970. */
  readonly time?: TimeColumn | undefined;
  /** Whether a cell that is not of the type that was found out stays the text that it is; else its row is refused. */
  readonly lenient?: boolean;
  /** Whether times are as clocks show them, without a zone: for SQL, whose times are such. */
  readonly wall?: boolean;
  readonly events: RowEvents;
}

/** A maker of rows as they are: a value for each column. */
export function createRowMaker(options: RowMakerOptions): MakeRow {
  const { columns, format, time, events } = options;
  const readers = columns.map((column) => cellReader(column, options));
  const timeOf = time === undefined ? () => undefined : createTimeReader({ columns, format, time, events });
  const isPlain = !columns.some(({ name }) => name === '__proto__');
  return ({ cells, line }) => {
    const row: JsonObject = {};
    if (time !== undefined) {
      const t = timeOf(cells, line);
      if (t === undefined) return undefined;
      row['t'] = t;
    }
    for (let i = 0; i < readers.length; i++) {
      const { name } = columns[i] as Column;
      const cell = cells[i] as string;
      let value = (readers[i] as ReadCell)(cell);
      if (value === undefined) {
        events.refused(misfit(columns[i] as Column, cell, line));
        return undefined;
      }
      if (Number.isNaN(value)) {
        events.nulled('not finite', cell, line, name);
        value = null;
      }
      if (name === 't' && time !== undefined) continue;
      if (isPlain) row[name] = value;
      else setOwn(row, name, value);
    }
    return row;
  };
}

export interface PointMakerOptions extends Omit<RowMakerOptions, 'lenient' | 'wall'> {
  readonly time: TimeColumn;
}

/** A maker of points of a series: their time, and the columns of numbers. A cell that says no number is null. */
export function createPointMaker(options: PointMakerOptions): MakeRow {
  const { columns, format, time, events } = options;
  const timeOf = createTimeReader(options);
  const numbers = columns.flatMap((column, index) =>
    index !== time.index && column.type === 'number' && column.name !== 't' ? [{ column, index }] : [],
  );
  return ({ cells, line }) => {
    const t = timeOf(cells, line);
    if (t === undefined) return undefined;
    const point: JsonObject = { t };
    for (const { column, index } of numbers) {
      const cell = cells[index] as string;
      let value = format.isEmpty(cell) ? null : (format.number(cell) ?? null);
      if (value === null && !format.isEmpty(cell)) {
        if (column.isDeclared) {
          events.refused(misfit(column, cell, line));
          return undefined;
        }
        events.nulled('no number', cell, line, column.name);
      }
      if (Number.isNaN(value)) {
        events.nulled('not finite', cell, line, column.name);
        value = null;
      }
      setOwn(point, column.name, value);
    }
    return point;
  };
}

type ReadCell = (cell: string) => JsonValue | undefined;

function cellReader(column: Column, { format, lenient = false, wall = false }: RowMakerOptions): ReadCell {
  const { type, isDeclared, readTime } = column;
  if (readTime !== undefined || (wall && type === 'date-time')) {
    const read = readTime ?? isoTime;
    const time = wall ? (cell: string) => format.wallTime(cell, read) : (cell: string) => format.time(cell, read);
    return (cell) => (format.isEmpty(cell) ? null : time(cell));
  }
  if (type === undefined) {
    return (cell) => {
      const looks = format.typeOf(cell);
      return looks === undefined ? null : looks === 'not finite' ? Number.NaN : format.value(cell, looks);
    };
  }
  if (type === 'text') return (cell) => (format.isEmpty(cell) ? null : cell);
  if (!lenient || isDeclared) return (cell) => format.value(cell, type);
  return (cell) => format.value(cell, type) ?? (format.isEmpty(cell) ? null : cell);
}

function createTimeReader({ columns, format, time, events }: PointMakerOptions) {
  const { index, read } = time;
  return (cells: readonly string[], line: number): number | undefined => {
    const t = format.timeMs(cells[index] as string, read);
    if (t !== undefined) return t;
    events.refused(`line ${line} has ${shown(cells[index])} in column "${columns[index]?.name}", which is no time`);
    return undefined;
  };
}

function misfit({ name, type, readTime }: Column, cell: string, line: number): string {
  const what = readTime === undefined ? `of type ${type}` : 'of times in another form';
  return `line ${line} has ${shown(cell)} in column "${name}", which is ${what}`;
}

function shown(cell = ''): string {
  return `"${cell.slice(0, 40)}"`;
}
