import { isJsonObject, type JsonValue, setOwn } from '@tidewall/base';
import type { Fold, ReplicaValue } from './fold.ts';

type Column = (number | null)[];

/** Series that one topic may bring over time; more are left out, so that invented names cannot fill the memory. */
const MAX_COLUMNS = 1_000;

/**
 * The newest points as columns of the same length, by rising time: a series that comes later is null before, one that
 * stays away is null from then on. The arrays are changed in place.
 */
export function createSeriesFold(keepCount: number): Fold {
  let columns = new Map<string, Column>([['t', []]]);
  let shown: Record<string, Column> | undefined;
  let kept = keepCount;

  const length = (): number => (columns.get('t') as Column).length;

  function append(more: ReadonlyMap<string, Column>): void {
    const before = length();
    const added = (more.get('t') as Column).length;
    for (const name of more.keys()) {
      if (columns.has(name) || columns.size >= MAX_COLUMNS) continue;
      columns.set(name, new Array<null>(before).fill(null));
      shown = undefined;
    }
    for (const [name, column] of columns) {
      const values = more.get(name);
      for (let i = 0; i < added; i++) column.push(values?.[i] ?? null);
    }
    restoreOrder(before);
  }

  /**
   * Puts what was added from index `first` on where its time belongs; points of one time stay as they came. Publishers
   * with clocks that differ write out of order, and a chart cannot draw time that goes back.
   */
  function restoreOrder(first: number): void {
    const times = columns.get('t') as number[];
    let sorted = Math.max(1, first);
    while (sorted < times.length && (times[sorted] as number) >= (times[sorted - 1] as number)) sorted++;
    if (sorted >= times.length) return;
    const order = times.map((_, index) => index).sort((a, b) => (times[a] as number) - (times[b] as number));
    for (const column of columns.values()) {
      const moved = order.map((index) => column[index] ?? null);
      for (let i = 0; i < moved.length; i++) column[i] = moved[i] ?? null;
    }
  }

  function trim(): void {
    const excess = length() - kept;
    if (excess > 0) for (const column of columns.values()) column.splice(0, excess);
  }

  return {
    apply({ d }, reset) {
      const more = columnsOf(d);
      if (more === undefined) return false;
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
