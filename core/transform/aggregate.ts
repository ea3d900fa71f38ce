import type { JsonValue } from '@tidewall/base';
import { groupKey } from './group-key.ts';
import { compareValues } from './order.ts';

/** What can be made of the values that one field has in a group of rows. */
export const AGGREGATES = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'countDistinct',
  'first',
  'last',
  'median',
  'percentile',
] as const;

export type AggregateName = (typeof AGGREGATES)[number];

/** The values of one field in one group, put in one by one. */
export interface Aggregate {
  add(value: JsonValue | undefined): void;
  /** What they make; null when none of them counts. */
  value(): JsonValue;
}

/**
 * An empty aggregate. Null and missing values count for none of them. `sum avg median percentile` look at numbers alone;
 * `min max` at numbers, and at texts where there is no number; all others at every value.
 *
 * @param percent which percentile, from 0 to 100
 */
export function createAggregate(name: AggregateName, percent = 95): Aggregate {
  switch (name) {
    case 'sum':
      return new Sum(false);
    case 'avg':
      return new Sum(true);
    case 'min':
      return new Extreme(-1);
    case 'max':
      return new Extreme(1);
    case 'count':
      return new Count();
    case 'countDistinct':
      return new CountDistinct();
    case 'first':
      return new Pick(true);
    case 'last':
      return new Pick(false);
    case 'median':
      return new Percentile(50);
    case 'percentile':
      return new Percentile(percent);
  }
}

/** A number as JSON has it: what no JSON can say is null. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Adds with the rounding errors kept apart (Neumaier), so that the order of the rows makes next to no difference. */
class Sum implements Aggregate {
  readonly #average: boolean;
  #sum = 0;
  #lost = 0;
  #count = 0;

  constructor(average: boolean) {
    this.#average = average;
  }

  add(value: JsonValue | undefined): void {
    if (typeof value !== 'number') return;
    const sum = this.#sum + value;
    this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
    this.#count++;
  }

  value(): JsonValue {
    if (this.#count === 0) return null;
    return finite((this.#sum + this.#lost) / (this.#average ? this.#count : 1));
  }
}

class Extreme implements Aggregate {
  readonly #sign: number;
  #best: number | string | undefined;

  constructor(sign: number) {
    this.#sign = sign;
  }

  add(value: JsonValue | undefined): void {
    if (typeof value !== 'number' && typeof value !== 'string') return;
    const best = this.#best;
    if (best === undefined || (typeof best === 'string' && typeof value === 'number')) this.#best = value;
    else if (typeof best === typeof value && compareValues(value, best) * this.#sign > 0) this.#best = value;
  }

  value(): JsonValue {
    return this.#best ?? null;
  }
}

class Count implements Aggregate {
  #count = 0;

  add(value: JsonValue | undefined): void {
    if (value !== undefined && value !== null) this.#count++;
  }

  value(): JsonValue {
    return this.#count;
  }
}

class CountDistinct implements Aggregate {
  readonly #seen = new Set<string>();

  add(value: JsonValue | undefined): void {
    if (value !== undefined && value !== null) this.#seen.add(groupKey([value]));
  }

  value(): JsonValue {
    return this.#seen.size;
  }
}

class Pick implements Aggregate {
  readonly #first: boolean;
  #picked: JsonValue = null;

  constructor(first: boolean) {
    this.#first = first;
  }

  add(value: JsonValue | undefined): void {
    if (value === undefined || value === null) return;
    if (!this.#first || this.#picked === null) this.#picked = value;
  }

  value(): JsonValue {
    return this.#picked;
  }
}

/** Between two values it goes in a straight line, as spreadsheets do (PERCENTILE.INC). */
class Percentile implements Aggregate {
  readonly #percent: number;
  readonly #values: number[] = [];

  constructor(percent: number) {
    this.#percent = percent;
  }

  add(value: JsonValue | undefined): void {
    if (typeof value === 'number') this.#values.push(value);
  }

  value(): JsonValue {
    const sorted = this.#values.sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const place = (this.#percent / 100) * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    const above = sorted[Math.ceil(place)] as number;
    return finite(below + (above - below) * (place - Math.floor(place)));
  }
}
