import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import {
  type Change,
  describe,
  type Kind,
  type KindContext,
  type KindLimits,
  kept,
  refuseOver,
  refuseShape,
} from './kind.ts';

type Column = (number | null)[];
/** Keyed by series name, `t` among them; a Map, because a name may be `__proto__`. */
type Columns = Map<string, Column>;

const EXAMPLE: JsonValue = { t: [1_700_000_000_000, 1_700_000_001_000], value: [1.5, 2] };

/** Points over time, as columns. What is held is what the log keeps since the last replace. */
export function createSeries({ log, limits }: KindContext): Kind {
  let replacedAt = 0;
  /** Names of the columns since the last replace. */
  let names = new Set<string>();
  let cached: string | undefined;

  function textSince(from: number): string {
    if (from + 1 === log.head) return kept(log, log.head).json;
    const joined: Columns = new Map([['t', []]]);
    for (let offset = from + 1; offset <= log.head; offset++) appendColumns(joined, kept(log, offset).json);
    return JSON.stringify(Object.fromEntries(joined));
  }

  function snapshot(): string | undefined {
    if (log.head === 0) return undefined;
    cached ??= textSince(Math.max(log.first, replacedAt) - 1);
    return cached;
  }

  return {
    empty: '{"t":[]}',
    startsWith: 'snapshot',
    keeps: true,
    admit(op, data, _json, at) {
      const columns = columnsOf(data, at, limits);
      const all = op === 'replace' ? columns.size : new Set([...names, ...columns.keys()]).size;
      if (all > limits.seriesColumns) refuseOver('seriesColumns', `the series would have ${all} columns`, limits);
      return { json: JSON.stringify(Object.fromEntries(columns)), weight: Math.max(1, columns.get('t')?.length ?? 0) };
    },
    apply({ op, offset, json }) {
      cached = undefined;
      if (op === 'replace') {
        replacedAt = offset;
        names = new Set();
      }
      for (const name of Object.keys(JSON.parse(json) as object)) names.add(name);
    },
    snapshot,
    changes(from): Change[] {
      const head = { type: 'value', offset: log.head, at: kept(log, log.head).at, n: log.head - from } as const;
      if (replacedAt > from) return [{ ...head, json: snapshot() ?? '{"t":[]}', reset: true }];
      return [{ ...head, json: textSince(from), reset: false }];
    },
  };
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
