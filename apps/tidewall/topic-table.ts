import type { Freshness } from '@tidewall/protocol';

/** A row of `GET /api/topics`, as far as it is shown. */
export interface TopicRow {
  readonly topic: string;
  readonly kind: string;
  readonly rateHz: number;
  readonly watchers: number;
  readonly freshness: Freshness;
}

const NAME_LEAST = 16;

/** The topics as a table that is at most `width` characters wide: long names lose their middle. */
export function topicTable(topics: readonly TopicRow[], now: number, width: number): string {
  const head = ['TOPIC', 'KIND', 'RATE', 'AGE', 'WATCHERS', 'FRESHNESS'];
  const rows = topics.map(({ topic, kind, rateHz, watchers, freshness }) => [
    topic,
    kind,
    rateText(rateHz),
    freshness.asOf === 0 ? '-' : ageText(now - freshness.asOf),
    String(watchers),
    freshness.state,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, each) => sum + each + 2, 0);
  widths[0] = Math.max(NAME_LEAST, Math.min(widths[0] ?? 0, width - others));
  return [head, ...rows].map((cells) => `${line(cells, widths)}\n`).join('');
}

/** `12 s`, `5 min`, `3 h`, `2 d` */
export function ageText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `12/s`, `0.4/s`, `3/min` */
export function rateText(hz: number): string {
  if (hz === 0) return '-';
  if (hz < 0.1) return `${Math.max(1, Math.round(hz * 60))}/min`;
  return `${hz < 10 ? hz.toFixed(1) : Math.round(hz)}/s`;
}

function line(cells: readonly string[], widths: readonly number[]): string {
  const shown = cells.map((cell, i) => {
    const width = widths[i] ?? 0;
    // Numbers stand on the right.
    return i >= 2 && i <= 4 ? cell.padStart(width) : shortened(cell, width).padEnd(width);
  });
  return shown.join('  ').trimEnd();
}

function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const half = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - half)}…${text.slice(text.length - half)}`;
}
