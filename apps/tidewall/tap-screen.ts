import type { Freshness, FreshnessState } from '@tidewall/protocol';
import { cutToColumns, harmless, inColumns } from './terminal-text.ts';
import { ageText, rateText } from './topic-table.ts';

/** One topic, as it is shown. */
export interface TapRow {
  readonly topic: string;
  /** Undefined until the server has said. */
  readonly kind: string | undefined;
  readonly rateHz: number;
  readonly bytesPerSecond: number;
  readonly offset: number;
  readonly freshness: Freshness;
  /** JSON; '' when nothing has come. */
  readonly newest: string;
  /** Why the server does not let us follow it. */
  readonly refused: string | undefined;
}

export interface TapView {
  /** On the server's clock, ms since 1970. */
  readonly now: number;
  /** Of the terminal, in characters. */
  readonly width: number;
  readonly height: number;
  readonly colors: boolean;
  /** How the link is. */
  readonly link: string;
}

/** Of a topic that is `quiet` age says nothing, and neither does a colour. */
const COLORS: { readonly [State in FreshnessState]?: string } = {
  ok: '\x1b[32m',
  late: '\x1b[33m',
  stale: '\x1b[31m',
  failed: '\x1b[1;31m',
};
const DIM = '\x1b[2m';
const PLAIN = '\x1b[0m';
/** Of the columns behind the name. */
const WIDTHS = [6, 7, 10, 9, 6, 7];
const NAME_LEAST = 16;

/**
 * What a terminal shows: two lines a topic, its figures and its newest value. As many topics as there is room for, by
 * name; no line is wider than the terminal.
 */
export function tapScreen(rows: readonly TapRow[], { now, width, height, colors, link }: TapView): string[] {
  const painted = (color: string | undefined, text: string) =>
    colors && color !== undefined ? `${color}${text}${PLAIN}` : text;
  const nameWidth = Math.max(NAME_LEAST, width - WIDTHS.reduce((sum, each) => sum + each + 1, 0));
  const lineOf = (name: string, cells: readonly string[]) =>
    [inColumns(name, nameWidth), ...cells.map((cell, i) => (i === 0 ? cell.padEnd(6) : cell.padStart(WIDTHS[i] ?? 0)))]
      .join(' ')
      .trimEnd();
  // The link, the titles, and a line for what is left out.
  const room = Math.max(1, Math.floor((height - 3) / 2));
  const shown = [...rows].sort((a, b) => (a.topic < b.topic ? -1 : 1)).slice(0, room);
  const lines = [painted(DIM, cutToColumns(link, width))];
  lines.push(painted(DIM, cutToColumns(lineOf('TOPIC', ['KIND', 'RATE', 'BYTES', 'OFFSET', 'FRESH', 'AGE']), width)));
  for (const row of shown) {
    const { state, reason } = row.freshness;
    const cells = [row.kind ?? '-', rateText(row.rateHz), bytesText(row.bytesPerSecond), offsetText(row)];
    const head = cutToColumns(lineOf(row.topic, [...cells, state, ageOf(row, now)]), width);
    lines.push(painted(COLORS[state], head));
    const trouble = row.refused ?? (state === 'failed' ? reason : undefined);
    lines.push(`  ${cutToColumns(harmless(trouble ?? row.newest), width - 2)}`.trimEnd());
  }
  const left = rows.length - shown.length;
  if (left > 0) lines.push(painted(DIM, `and ${left} more`));
  return lines;
}

/** One topic as a line for a file or a program that reads it: figures as they are, and the value to its end. */
export function tapLine(row: TapRow, now: number): string {
  const { topic, kind, rateHz, bytesPerSecond, freshness, newest, refused } = row;
  const figures = [rateText(rateHz), bytesText(bytesPerSecond), offsetText(row), freshness.state, ageOf(row, now)];
  return harmless([topic, kind ?? '-', ...figures, refused ?? newest].join('  ').trimEnd());
}

function ageOf({ freshness }: TapRow, now: number): string {
  return freshness.asOf === 0 ? '-' : ageText(now - freshness.asOf);
}

function offsetText({ offset }: TapRow): string {
  return offset === 0 ? '-' : String(offset);
}

/** `118 B/s`, `4.2 KB/s`, `1.3 MB/s` */
export function bytesText(bytesPerSecond: number): string {
  if (bytesPerSecond < 1) return bytesPerSecond === 0 ? '-' : '1 B/s';
  if (bytesPerSecond < 1000) return `${Math.round(bytesPerSecond)} B/s`;
  const [unit, value] = bytesPerSecond < 1e6 ? ['KB', bytesPerSecond / 1e3] : ['MB', bytesPerSecond / 1e6];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}/s`;
}
