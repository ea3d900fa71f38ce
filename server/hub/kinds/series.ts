import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Selection } from '../selection.ts';
import {
  type Change,
  describe,
  type Kind,
  type KindContext,
  type KindLimits,
  kept,
  type Projection,
  refuseOver,
  refuseShape,
  type Shape,
} from './kind.ts';
import { thinPoints } from './thin-points.ts';

type Column = (number | null)[];
type ColumnsObject = Record<string, Column>;
/** Keyed by series name, `t` among them; a Map, because a name may be `__proto__`. */
type Columns = Map<string, Column>;

const EXAMPLE: JsonValue = { t: [1_700_000_000_000, 1_700_000_001_000], value: [1.5, 2] };

/** Points over time, as columns. What is held is what the log keeps since the last replace. */
export function createSeries({ log, limits }: KindContext): Kind {
  let replacedAt = 0;
  /** Names of the columns since the last replace. */
  let names = new Set<string>();
  /** What was admitted last, until it is applied: its names need not be read again. */
  let admitted: { readonly json: string; readonly names: readonly string[] } | undefined;
  let cached: string | undefined;

  function columnsSince(from: number): Columns {
    const joined: Columns = new Map([['t', []]]);
    for (let offset = from + 1; offset <= log.head; offset++) appendColumns(joined, kept(log, offset).json);
    return joined;
  }

  /** The offset before the oldest publication that is held. */
  const start = (): number => Math.max(log.first, replacedAt) - 1;

  function textSince(from: number): string {
    return from + 1 === log.head ? kept(log, log.head).json : textOf(columnsSince(from));
  }

  function snapshot(): string | undefined {
    if (log.head === 0) return undefined;
    cached ??= textSince(start());
    return cached;
  }

  function changes(from: number, selection: Selection | undefined): Change[] {
    const head = { type: 'value', offset: log.head, at: kept(log, log.head).at, n: log.head - from } as const;
    if (replacedAt > from) return [{ ...head, json: shown(selection) ?? EMPTY, reset: true }];
    if (selection === undefined) return [{ ...head, json: textSince(from), reset: false }];
    const columns = select(columnsSince(from), selection);
    return timesOf(columns).length === 0 ? [] : [{ ...head, json: textOf(columns), reset: false }];
  }

  function shown(selection: Selection | undefined): string | undefined {
    if (selection === undefined || log.head === 0) return snapshot();
    return textOf(select(columnsSince(start()), selection));
  }

  return {
    empty: EMPTY,
    startsWith: 'snapshot',
    keeps: true,
    admit(op, data, _json, at) {
      const columns = columnsInOrder(data) ?? Object.fromEntries(columnsOf(data, at, limits));
      const own = Object.keys(columns);
      let all = own.length;
      if (op !== 'replace') {
        all = names.size;
        for (const name of own) if (!names.has(name)) all++;
      }
      if (all > limits.seriesColumns) refuseOver('seriesColumns', `the series would have ${all} columns`, limits);
      const json = JSON.stringify(columns);
      admitted = { json, names: own };
      return { json, weight: Math.max(1, columns['t']?.length ?? 0) };
    },
    apply({ op, offset, json }) {
      cached = undefined;
      if (op === 'replace') {
        replacedAt = offset;
        names = new Set();
      }
      const own = admitted?.json === json ? admitted.names : Object.keys(JSON.parse(json) as object);
      admitted = undefined;
      for (const name of own) names.add(name);
    },
    // Its kept publications are all there is of it.
    base: () => undefined,
    snapshot,
    changes: (from) => changes(from, undefined),
    project({ selection }: Shape): Projection {
      return selection === undefined
        ? this
        : { snapshot: () => shown(selection), changes: (from) => changes(from, selection) };
    },
    shownOf({ json }, selection) {
      const columns = select(new Map(Object.entries(JSON.parse(json) as Record<string, Column>)), selection);
      return timesOf(columns).length === 0 ? undefined : textOf(columns);
    },
    backfill({ count, ms, points, by }, nowMs, selection) {
      let columns = inOrder(columnsSince(start()));
      if (selection !== undefined) columns = select(columns, selection);
      const times = timesOf(columns);
      let first = count === undefined ? 0 : Math.max(0, times.length - count);
      if (ms !== undefined) while (first < times.length && (times[first] as number) < nowMs - ms) first++;
      if (first > 0) columns = new Map([...columns].map(([name, column]) => [name, column.slice(first)]));
      return textOf(points === undefined ? columns : thinPoints(columns, points, by ?? 'lttb'));
    },
  };
}

const EMPTY = '{"t":[]}';

function textOf(columns: ReadonlyMap<string, Column>): string {
  return JSON.stringify(Object.fromEntries(columns));
}

function timesOf(columns: ReadonlyMap<string, Column>): readonly number[] {
  return (columns.get('t') ?? []) as number[];
}

/** The points that pass, each looked at as a row, with the columns that are shown. Time is always shown. */
function select(columns: Columns, { passes, fields }: Selection): Columns {
  const names = [...columns.keys()];
  const chosen: number[] = [];
  for (let i = 0; i < timesOf(columns).length; i++) {
    const row = Object.fromEntries(names.map((name) => [name, columns.get(name)?.[i] ?? null]));
    if (passes(row)) chosen.push(i);
  }
  const shown = names.filter((name) => name === 't' || fields === undefined || fields.has(name));
  return new Map(
    shown.map((name) => {
      const column = columns.get(name) as Column;
      return [name, chosen.length === column.length ? column : chosen.map((i) => column[i] as number | null)];
    }),
  );
}

/** The data itself where it is in the normal form already, as it comes from programs; else undefined. */
function columnsInOrder(data: JsonValue): ColumnsObject | undefined {
  if (!isJsonObject(data)) return undefined;
  const times = data['t'];
  if (!Array.isArray(times)) return undefined;
  let before = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    if (typeof time !== 'number' || !(time >= before) || time === Number.POSITIVE_INFINITY) return undefined;
    before = time;
  }
  let first: string | undefined;
  for (const name in data) {
    first ??= name;
    const column = data[name];
    if (!Array.isArray(column) || column.length !== times.length) return undefined;
    for (const value of column) if (value !== null && !Number.isFinite(value)) return undefined;
  }
  return first === 't' ? (data as ColumnsObject) : undefined;
}

/** Columns, rows with `t`, or one such row, as columns in order of time. A row without `t` happens at `at`. */
function columnsOf(data: JsonValue, at: number, limits: KindLimits): Columns {
  if (isJsonObject(data) && Array.isArray(data['t'])) return inOrder(checkedColumns(data, data['t']));
  const rows = Array.isArray(data) ? data : [data];
  const names = new Set(['t']);
  rows.forEach((row, index) => {
    const path = Array.isArray(data) ? `[${index}]` : '';
    for (const name of Object.keys(checkedRow(row, path))) names.add(name);
  });
  // Rows that each bring a new name make their product in cells; nothing is filled before that is known.
  if (names.size > limits.seriesColumns) {
    refuseOver('seriesColumns', `the publication has ${names.size} columns`, limits);
  }
  const columns: Columns = new Map([...names].map((name) => [name, []]));
  for (const row of rows as JsonObject[]) {
    for (const [name, column] of columns) {
      const value = Object.hasOwn(row, name) ? (row[name] as number | null) : null;
      column.push(name === 't' ? (value ?? at) : value);
    }
  }
  return inOrder(columns);
}

function checkedRow(row: JsonValue, path: string): JsonObject {
  if (!isJsonObject(row)) {
    return refuseShape({ path, expected: 'columns, or a row of numbers with t', got: describe(row), example: EXAMPLE });
  }
  for (const name of Object.keys(row)) {
    if (isPoint(row[name])) continue;
    refuseShape({ path: `${path}.${name}`, expected: 'a number or null', got: describe(row[name]), example: EXAMPLE });
  }
  return row;
}

/** JSON may say 1e400, which is no number here. */
function isPoint(value: JsonValue | undefined): boolean {
  return value === null || Number.isFinite(value);
}

function checkedColumns(data: JsonObject, times: JsonValue[]): Columns {
  const columns: Columns = new Map();
  for (const name of ['t', ...Object.keys(data).filter((key) => key !== 't')]) {
    const column = data[name];
    if (!Array.isArray(column)) {
      refuseShape({ path: `.${name}`, expected: 'a list of numbers', got: describe(column), example: EXAMPLE });
    }
    const list = column as JsonValue[];
    if (list.length !== times.length) {
      const got = `${list.length} values`;
      refuseShape({ path: `.${name}`, expected: `${times.length} values, as many as t`, got, example: EXAMPLE });
    }
    const wrong = list.findIndex((value) => !isPoint(value) || (value === null && name === 't'));
    if (wrong >= 0) {
      const expected = name === 't' ? 'a time in ms since 1970' : 'a number or null';
      refuseShape({ path: `.${name}[${wrong}]`, expected, got: describe(list[wrong]), example: EXAMPLE });
    }
    columns.set(name, list as Column);
  }
  return columns;
}

/** The same points by rising time. */
function inOrder(columns: Columns): Columns {
  const times = (columns.get('t') ?? []) as number[];
  if (times.every((time, index) => index === 0 || time >= (times[index - 1] as number))) return columns;
  const order = times.map((_, index) => index).sort((a, b) => (times[a] as number) - (times[b] as number));
  return new Map([...columns].map(([name, column]) => [name, order.map((index) => column[index] ?? null)]));
}

/** Adds the points of one publication; a series that either side lacks is null there. */
function appendColumns(joined: Columns, json: string): void {
  const more = JSON.parse(json) as Record<string, Column>;
  const before = joined.get('t')?.length ?? 0;
  const added = more['t']?.length ?? 0;
  for (const name of Object.keys(more)) if (!joined.has(name)) joined.set(name, new Array<null>(before).fill(null));
  for (const [name, column] of joined) {
    const values = Object.hasOwn(more, name) ? (more[name] as Column) : undefined;
    for (let i = 0; i < added; i++) column.push(values?.[i] ?? null);
  }
}
