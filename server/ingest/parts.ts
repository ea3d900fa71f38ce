import { MOST_NUMBER_BYTES, memberBytes } from './member.ts';
import type { Points } from './series.ts';

/** The same points in parts of at most so many points, each of which is JSON of at most so many bytes. */
export function parts(points: Points, mostPoints: number, mostBytes: number): readonly Points[] {
  const { columns, times } = points;
  if (times.length === 1) return [points];
  const names = Object.keys(columns);
  const head = names.reduce((sum, name) => sum + memberBytes(name) + 2, 2);
  const each = names.length * MOST_NUMBER_BYTES;
  const most = Math.max(1, Math.min(mostPoints, Math.floor((mostBytes - head) / each)));
  if (times.length <= most) return [points];
  const all: Points[] = [];
  for (let from = 0; from < times.length; from += most) {
    const cut = Object.fromEntries(names.map((name) => [name, columns[name]?.slice(from, from + most) ?? []]));
    all.push({ columns: cut, times: times.slice(from, from + most) });
  }
  return all;
}
