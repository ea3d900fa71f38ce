import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contender.ts';

/** Where a server under the profiler leaves what it found. */
const PROFILES = fileURLToPath(new URL('output/profiles/', import.meta.url));

const LINES = 25;
const SHORTEST_SHARE = 0.003;

/** As far as V8's format is needed. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The contender, a server of Node, writing a profile when it ends. */
export function underProfiler(contender: Contender): Contender {
  return {
    ...contender,
    command(place) {
      const [node, ...args] = contender.command(place);
      return [node as string, '--cpu-prof', '--cpu-prof-dir', PROFILES, ...args];
    },
  };
}

/** The functions that took most time themselves, a line each: share, name, place. Idle time is left out. */
export function hottest(profile: CpuProfile): readonly string[] {
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : `  ${url.split('/').at(-1)}:${lineNumber + 1}`;
      return [id, `${functionName || '(anonymous)'}${place}`];
    }),
  );
  const spent = new Map<string, number>();
  let busy = 0;
  profile.samples.forEach((id, i) => {
    const name = names.get(id) ?? '?';
    const time = profile.timeDeltas[i] ?? 0;
    if (name === '(idle)') return;
    busy += time;
    spent.set(name, (spent.get(name) ?? 0) + time);
  });
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .filter(([, time]) => time / busy >= SHORTEST_SHARE)
    .slice(0, LINES)
    .map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`);
}

/** The profile that was written last. */
export function newestProfile(): CpuProfile | undefined {
  // Their names begin with the time.
  const newest = existsSync(PROFILES) ? readdirSync(PROFILES).sort().at(-1) : undefined;
  return newest === undefined ? undefined : (JSON.parse(readFileSync(PROFILES + newest, 'utf8')) as CpuProfile);
}
