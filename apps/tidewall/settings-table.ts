import type { JsonValue } from '@tidewall/base';

/** A row of `GET /api/topic-settings`. */
export interface SettingsRow {
  readonly pattern: string;
  readonly from: string;
  readonly kind?: string;
  readonly [setting: string]: JsonValue | undefined;
}

/** What is said of topics as a table; a schema, which is long, only says that there is one. */
export function settingsTable(rows: readonly SettingsRow[]): string {
  const head = ['PATTERN', 'FROM', 'KIND', 'ELSE'];
  const cells = rows.map(({ pattern, from, kind, ...rest }) => [
    pattern,
    from,
    kind ?? '-',
    Object.entries(rest)
      .map(([name, value]) => (name === 'schema' ? name : `${name}=${shown(value)}`))
      .join(' '),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return [head, ...cells].map((row) => `${line(row).trimEnd()}\n`).join('');
}

function shown(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
