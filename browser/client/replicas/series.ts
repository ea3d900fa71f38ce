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

  /** Puts points where they belong by time, each behind those of the same time; without those after `latest`. */
  function append(more: ReadonlyMap<string, Column>, latest: number): void {
    const times = columns.get('t') as number[];
    const added = more.get('t') as number[];
    for (const name of more.keys()) {
      if (columns.has(name) || columns.size >= MAX_COLUMNS) continue;
      columns.set(name, new Array<null>(times.length).fill(null));
      shown = undefined;
    }
    // What is older than the oldest of them is not touched: publishers whose clocks differ a little write out of order.
    const from = upperBound(
      times,
      added.reduce((oldest, time) => Math.min(oldest, time), Infinity),
    );
    const held = times.length - from;
    const moved = times.slice(from).concat(added);
    const order = [...moved.keys()]
      .filter((i) => i < held || (moved[i] as number) <= latest)
      .sort((a, b) => (moved[a] as number) - (moved[b] as number));
    leftOut += moved.length - order.length;
    for (const [name, column] of columns) {
      const values = column.splice(from).concat(more.get(name) ?? []);
      for (const i of order) column.push(values[i] ?? null);
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
      const more = columnsOf(d);
      if (more === undefined) return false;
      if (reset) {
        columns = new Map([['t', []]]);
        shown = undefined;
      }
      append(more, latest);
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
