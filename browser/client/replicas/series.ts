import { isJsonObject, type JsonValue, setOwn } from '@tidewall/base';
import type { Fold, ReplicaValue } from './fold.ts';

type Column = (number | null)[];

/** Series that one topic may bring over time; more are left out, so that invented names cannot fill the memory. */
const MAX_COLUMNS = 1_000;

/**
 * The newest points as columns of the same length, by rising time: a series that comes later is null before, one that
 * stays away is null from then on, and is forgotten with its last value. The arrays are changed in place.
 *
 * Being the newest is a matter of time, so one point of the far future would never be trimmed and hold a place for
 * ever: such points are left out.
 */
export function createSeriesFold(keepCount: number): Fold {
  let columns = new Map<string, Column>([['t', []]]);
  let shown: Record<string, Column> | undefined;
  let kept = keepCount;
  let leftOut = 0;

  const length = (): number => (columns.get('t') as Column).length;

  /** Adds points by rising time, each behind what is held of the same time. */
  function append(more: ReadonlyMap<string, Column>): void {
    const times = columns.get('t') as number[];
    const before = times.length;
    const added = more.get('t') as number[];
    for (const name of more.keys()) {
      if (columns.has(name) || columns.size >= MAX_COLUMNS) continue;
      columns.set(name, new Array<null>(before).fill(null));
      shown = undefined;
    }
    const places = added.map((time, i) => upperBound(times, time) + i);
    const inOrder = places.length === 0 || places[0] === before;
    for (const [name, column] of columns) {
      const values = more.get(name);
      for (let i = 0; i < added.length; i++) column.push(values?.[i] ?? null);
      if (!inOrder) interleave(column, before, values, places);
    }
  }

  function trim(): void {
    const excess = length() - kept;
    if (excess <= 0) return;
    for (const [name, column] of columns) {
      const gone = column.splice(0, excess);
      // Only one that lost a value can have lost its last one; one that is null from its first point on was named so.
      if (name === 't' || gone.every(isNull) || !column.every(isNull)) continue;
      columns.delete(name);
      shown = undefined;
    }
  }

  return {
    get leftOut() {
      return leftOut;
    },
    apply({ d }, reset, latest) {
      const all = columnsOf(d);
      if (all === undefined) return false;
      const more = inOrderUntil(all, latest);
      leftOut += (all.get('t') as Column).length - (more.get('t') as Column).length;
      if (reset) {
        columns = new Map([['t', []]]);
        shown = undefined;
      }
      append(more);
      // Trimming at each point would move every column each time; a reader trims what is left.
      if (length() > kept * 2) trim();
      return true;
    },
    value(): ReplicaValue {
      trim();
      if (shown === undefined) {
        shown = {};
        for (const [name, column] of columns) setOwn(shown, name, column);
      }
      // The record has `t`, as every map of columns here does.
      return shown as Record<string, Column> & { t: number[] };
    },
    clear() {
      columns = new Map([['t', []]]);
      shown = undefined;
    },
    keep(count) {
      kept = count;
    },
  };
}

function columnsOf(data: JsonValue | undefined): Map<string, Column> | undefined {
  if (!isJsonObject(data) || !Object.hasOwn(data, 't')) return undefined;
  const columns = new Map<string, Column>();
  const times = data['t'];
  if (!Array.isArray(times) || !times.every((time) => typeof time === 'number')) return undefined;
  for (const name of Object.keys(data)) {
    const column = data[name];
    if (!Array.isArray(column) || column.length !== times.length || !column.every(isNumberOrNull)) return undefined;
    columns.set(name, column);
  }
  return columns;
}

function isNumberOrNull(value: JsonValue): value is number | null {
  return typeof value === 'number' || value === null;
}

function isNull(value: number | null): boolean {
  return value === null;
}

/** The same points by rising time, without those after `latest`; itself when that is how they are. */
function inOrderUntil(columns: Map<string, Column>, latest: number): Map<string, Column> {
  const times = columns.get('t') as number[];
  if (times.every((time, i) => time <= latest && (i === 0 || time >= (times[i - 1] as number)))) return columns;
  const order = [...times.keys()]
    .filter((i) => (times[i] as number) <= latest)
    .sort((a, b) => (times[a] as number) - (times[b] as number));
  return new Map([...columns].map(([name, column]) => [name, order.map((i) => column[i] ?? null)]));
}

/** How many of the rising `times` are not after `time`. Looks at the end first, where a point nearly always belongs. */
function upperBound(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  if (high === 0 || (times[high - 1] as number) <= time) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Moves the last values of a column to their places among the first `before`. Nothing older than the first place is
 * touched: publishers with clocks that differ a little write out of order all the time.
 */
function interleave(column: Column, before: number, values: Column | undefined, places: readonly number[]): void {
  let from = before - 1;
  let to = column.length - 1;
  for (let i = places.length - 1; i >= 0; i--) {
    while (to > (places[i] as number)) column[to--] = column[from--] ?? null;
    column[to--] = values?.[i] ?? null;
  }
}
