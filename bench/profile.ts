import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contender.ts';

/** Where a server under the profiler leaves what it found. */
const PROFILES = fileURLToPath(new URL('output/profiles/', import.meta.url));

const LINES = 20;
const SHORTEST_SHARE = 0.005;

/** As far as V8's format is needed. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
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

/**
 * Where the time went, by file and by function, in lines: the share of what took most by itself. Idle time is left out.
 *
 * @param sourceOf the file that a place in a bundle was made from
 */
export function hottest(profile: CpuProfile, sourceOf = createSourceFinder()): readonly string[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, number>();
  const byFile = new Map<string, number>();
  let busy = 0;
  profile.samples.forEach((id, i) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') return;
    const time = profile.timeDeltas[i] ?? 0;
    const file = frame.url === '' ? 'native code' : sourceOf(frame);
    const name = `${frame.functionName || '(anonymous)'}  ${file}`;
    busy += time;
    byFile.set(file, (byFile.get(file) ?? 0) + time);
    byFunction.set(name, (byFunction.get(name) ?? 0) + time);
  });
  const lines = (spent: ReadonlyMap<string, number>) =>
    [...spent]
      .sort(([, a], [, b]) => b - a)
      .filter(([, time]) => time / busy >= SHORTEST_SHARE)
      .slice(0, LINES)
      .map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`);
  return ['by file', ...lines(byFile), 'by function', ...lines(byFunction)];
}

/** Finds the source of a place by the map that lies beside a bundle; else it is the file's name. */
function createSourceFinder(): (frame: CallFrame) => string {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (!maps.has(url)) maps.set(url, readSourceMap(url));
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : undefined;
    return source?.replace(/^(\.\.\/)+/, '') ?? url.split('/').at(-1) ?? url;
  };
}

function readSourceMap(url: string): SourceMap | undefined {
  if (!url.startsWith('file:') || !existsSync(new URL(`${url}.map`))) return undefined;
  return new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')));
}

/** The profile that was written last. */
export function newestProfile(): CpuProfile | undefined {
  // Their names begin with the time.
  const newest = existsSync(PROFILES) ? readdirSync(PROFILES).sort().at(-1) : undefined;
  return newest === undefined ? undefined : (JSON.parse(readFileSync(PROFILES + newest, 'utf8')) as CpuProfile);
}
