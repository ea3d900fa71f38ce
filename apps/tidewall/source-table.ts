import type { JsonValue } from '@tidewall/base';
import { cutToColumns, harmless, inColumns } from './terminal-text.ts';

/** A row of `GET /api/sources`, as far as it is shown. */
export interface SourceRow {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly topics: readonly string[];
  readonly from: string;
  readonly reason?: string;
  readonly nextTryAt?: number;
  readonly refusals: number;
  readonly lastRefusal?: string;
}

const MOST_CELL = 40;

/** The sources as a table, and under it why those have failed that have. */
export function sourceTable(sources: readonly SourceRow[], now: number, width: number): string {
  const rows = sources.map(({ name, kind, state, from, topics, refusals }) => [
    ...[name, kind, state, from, String(refusals)],
    topics.length > 1 ? `${topics[0]} and ${topics.length - 1} more` : (topics[0] ?? '-'),
  ]);
  const table = columns([['NAME', 'KIND', 'STATE', 'FROM', 'REFUSED', 'TOPICS'], ...rows], width);
  const why = sources.flatMap(({ name, reason, nextTryAt, lastRefusal }) => [
    ...(reason === undefined ? [] : [`${name}: ${harmless(reason)}${retry(nextTryAt, now)}`]),
    ...(lastRefusal === undefined ? [] : [`${name}: refused last: ${harmless(lastRefusal)}`]),
  ]);
  return table + (why.length === 0 ? '' : `\n${why.join('\n')}\n`);
}

/** Rows of any shape as a table: a column for each of their fields. */
export function rowTable(rows: readonly JsonValue[], names: readonly string[], width: number): string {
  const cells = rows.map((row) => names.map((name) => cellOf(name === '' ? row : memberOf(row, name))));
  const heads = names.map((name) => (name === '' ? 'VALUE' : name));
  return columns([heads, ...cells], width);
}

function columns(lines: readonly (readonly string[])[], width: number): string {
  const clean = lines.map((line) => line.map((cell) => cutToColumns(harmless(cell), MOST_CELL)));
  const widths = (clean[0] ?? []).map((_, at) => Math.max(...clean.map((line) => line[at]?.length ?? 0)));
  return clean
    .map((line) =>
      line
        .map((cell, at) => inColumns(cell, widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${cutToColumns(line, width)}\n`)
    .join('');
}

function retry(nextTryAt: number | undefined, now: number): string {
  return nextTryAt === undefined ? '' : `; next try in ${Math.max(0, Math.ceil((nextTryAt - now) / 1000))} s`;
}

function memberOf(row: JsonValue, name: string): JsonValue | undefined {
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? row[name] : undefined;
}

function cellOf(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
