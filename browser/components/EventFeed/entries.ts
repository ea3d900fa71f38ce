import type { JsonObject } from '@tidewall/base';
import { NO_NUMBER } from '../format/number-format.ts';
import type { Props } from './definition.ts';

/** How grave an entry is. */
export type Level = 'info' | 'good' | 'warn' | 'alert';

/** One entry as it is drawn. */
export interface Entry {
  /** The same for the same entry from one update to the next. */
  readonly key: string;
  readonly time: unknown;
  readonly text: string;
  readonly level: Level;
}

const LEVELS: ReadonlyMap<string, Level> = new Map([
  ...['good', 'ok', 'success', 'resolved', 'recovered'].map((name) => [name, 'good'] as const),
  ...['warn', 'warning', 'minor'].map((name) => [name, 'warn'] as const),
  ...['alert', 'alarm', 'error', 'critical', 'fatal', 'major', 'emergency'].map((name) => [name, 'alert'] as const),
]);

/** The level that a field says, in the words that systems use; `info` for any other. */
export function levelOf(value: unknown): Level {
  return typeof value === 'string' ? (LEVELS.get(value.toLowerCase()) ?? 'info') : 'info';
}

/**
 * The newest `count` entries, newest first. Rows come oldest first, as a log keeps them, or newest first: their times
 * tell, and without times the last row is the newest. Keys are unique, also when two entries say the same.
 */
export function newestEntries(rows: readonly JsonObject[], count: number, props: Props): Entry[] {
  const { timeField, textField, levelField, keyField } = props;
  const first = msOf(rows[0]?.[timeField]);
  const last = msOf(rows.at(-1)?.[timeField]);
  const newestFirst = first > last;
  const entries: Entry[] = [];
  const seen = new Map<string, number>();
  for (let i = 0; i < rows.length && entries.length < count; i++) {
    const row = rows[newestFirst ? i : rows.length - 1 - i] as JsonObject;
    const text = textOfField(row[textField]);
    const own = keyField === '' ? undefined : row[keyField];
    const base = own === undefined || own === null ? `${String(row[timeField])}|${text}` : String(own);
    const again = seen.get(base) ?? 0;
    seen.set(base, again + 1);
    const key = again === 0 ? base : `${base}#${again}`;
    entries.push({ key, time: row[timeField], text, level: levelOf(row[levelField]) });
  }
  return entries;
}

function msOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : typeof value === 'number' ? value : Number.NaN;
}

function textOfField(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return NO_NUMBER;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
