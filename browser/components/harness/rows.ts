import type { JsonObject } from '@tidewall/base';
import type { ContractName, RowsOf, TimeColumns, XyRow } from '@tidewall/screen';

/** What a component is tried with. */
export type RowsKind = 'sample' | 'none' | 'empty' | 'holes' | 'many' | 'grown';

/** More rows than any component can show. */
export const MANY = 100_000;

/** Rows of a contract, made from its sample: full of holes, very many, or with large numbers. Undefined is no data. */
export function rowsFor(contract: ContractName, sample: RowsOf<ContractName>, kind: RowsKind) {
  if (kind === 'none') return undefined;
  if (kind === 'sample') return sample;
  if (kind === 'grown') return grown(sample, '') as RowsOf<ContractName>;
  switch (contract) {
    case 'NONE':
      return sample;
    case 'KV':
      return { value: kind === 'many' ? 1e15 : Number.NaN, compare: Number.NaN, target: 0 };
    case 'TS':
      return timeRows(sample as TimeColumns, kind);
    case 'XY':
      return xyRows(sample as readonly XyRow[], kind);
    default:
      return records(sample as readonly JsonObject[], kind);
  }
}

function timeRows(sample: TimeColumns, kind: RowsKind): TimeColumns {
  const names = Object.keys(sample).filter((name) => name !== 't');
  const count = kind === 'many' ? MANY : kind === 'empty' ? 0 : sample.t.length;
  const t = Array.from({ length: count }, (_, i) => 1_700_000_000_000 + i * 2);
  const value = (i: number): number => 50 + 30 * Math.sin(i / 3000) + 8 * Math.sin(i / 7);
  const column = (at: number) => t.map((_, i) => (kind === 'holes' ? hole(i + at) : value(i + at * 900)));
  const columns: Record<string, (number | null)[]> = {};
  names.forEach((name, at) => {
    columns[name] = column(at);
  });
  return { t, ...columns };
}

function xyRows(sample: readonly XyRow[], kind: RowsKind): XyRow[] {
  if (kind === 'empty') return [];
  if (kind === 'holes') return sample.map((row, i) => ({ ...row, y: hole(i) }));
  return Array.from({ length: MANY }, (_, i) => ({ x: `c${i}`, y: 50 + 30 * Math.sin(i / 4000) + (i % 13) }));
}

function records(sample: readonly JsonObject[], kind: RowsKind): JsonObject[] {
  if (kind === 'empty') return [];
  const keys = Object.keys(sample[0] ?? {});
  if (kind === 'holes') return sample.map((_, i) => Object.fromEntries(keys.map((key, at) => [key, hole(i + at)])));
  return Array.from({ length: MANY }, (_, i) => ({ ...sample[i % sample.length], id: i, t: 1_700_000_000_000 + i }));
}

/** The same rows with every number that is drawn many times as large, times and positions as they were. */
function grown(value: unknown, name: string): unknown {
  if (typeof value === 'number') return ['t', 'x', 'id'].includes(name) ? value : value * 37;
  if (Array.isArray(value)) return value.map((item) => grown(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, grown(item, key)]));
}

/** Nothing, no number, or a number: by turns. */
function hole(i: number): number | null {
  return i % 3 === 0 ? null : i % 3 === 1 ? Number.NaN : (i * 37) % 100;
}
