import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Verdict } from './goals.ts';
import type { Row } from './rows.ts';
import type { Column } from './table.ts';

/** One run of one benchmark, as it is kept: losing rows too. */
export interface Result {
  readonly benchmark: string;
  readonly date: string;
  readonly machine: string;
  /** Whether server and load had a core each. */
  readonly pinned: boolean;
  readonly quick: boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** By contender. */
  readonly versions: Readonly<Record<string, string>>;
  /** By contender, why it was left out. */
  readonly missing: Readonly<Record<string, string>>;
  readonly goals: readonly Verdict[];
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

const folder = new URL('results/', import.meta.url);

/** Keeps a result; a later one of the same day takes its place. @returns the name of the file */
export function keepResult(result: Result): string {
  mkdirSync(folder, { recursive: true });
  const name = `${result.benchmark}-${result.date}.json`;
  const { rows, ...rest } = result;
  // A line a row, so that a reader and a comparison can take them one by one.
  const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n');
  const head = JSON.stringify(rest, null, 1).slice(0, -2);
  writeFileSync(new URL(name, folder), `${head},\n "rows": [\n${lines}\n ]\n}\n`);
  return name;
}

/** The newest result of each benchmark, by its name. */
export function newestResults(): readonly Result[] {
  const newest = new Map<string, Result>();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json')) continue;
    const result = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Result;
    if (result.benchmark !== undefined) newest.set(result.benchmark, result);
  }
  return [...newest.values()].sort((a, b) => (a.benchmark < b.benchmark ? -1 : 1));
}
