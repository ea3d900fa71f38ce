import { isBuiltin } from 'node:module';
import type { Fault } from './fault.ts';
import { type House, isClientEnd, isDevelopment, type SourceFile, targetOf } from './house.ts';
import { describe } from './import-faults.ts';

type Machine = 'server' | 'page';

const ADVICE = {
  server: {
    why: 'runs in a page, and that needs the server',
    cure: 'Import the client end of the wire, or move what both ends share into a file that imports neither side',
  },
  page: {
    why: 'runs in the server, and that needs a page',
    cure: 'Import the server end of the wire, or move what both ends share into a file that imports neither side',
  },
};

/**
 * `gateways/` holds both ends of each wire in one room, so that the ladder cannot part them. This does: nothing that
 * runs in a page reaches `server/` or Node through it, and nothing that runs in the server reaches `browser/`, also not
 * by way of other files there.
 */
export function machineFaults(house: House): Fault[] {
  const byPath = new Map(house.files.map((file) => [file.path, file]));
  const faults: Fault[] = [];
  for (const file of house.files) {
    const machine = machineOf(file.path);
    if (machine === undefined || isDevelopment(file.path)) continue;
    const forbidden = machine === 'page' ? 'server' : 'page';
    for (const each of file.imports) {
      const target = each.specifier === undefined ? undefined : targetOf(house, file.path, each.specifier);
      // Elsewhere than about gateways, the ladder has spoken.
      if (target === undefined || !(inGateways(file.path) || inGateways(target))) continue;
      // A file that runs on the same machine answers for itself.
      if (machineOf(target) === machine) continue;
      if (!needs(house, byPath, target).has(forbidden)) continue;
      const { why, cure } = ADVICE[forbidden];
      faults.push({ path: file.path, line: each.line, what: describe(each), why: `${file.path} ${why}`, cure });
    }
  }
  return faults;
}

/** Where a file runs; undefined when in both, or on no side. */
function machineOf(path: string): Machine | undefined {
  if (isClientEnd(path) || path.startsWith('browser/') || path.startsWith('apps/viewer/')) return 'page';
  return inGateways(path) || path.startsWith('server/') ? 'server' : undefined;
}

/** What a file needs to run, with all that it imports inside of `gateways/`. */
function needs(house: House, byPath: ReadonlyMap<string, SourceFile>, start: string): Set<Machine> {
  const found = new Set<Machine>();
  const seen = new Set([start]);
  for (const path of seen) {
    if (path.startsWith('server/')) found.add('server');
    if (path.startsWith('browser/')) found.add('page');
    if (!inGateways(path)) continue;
    for (const { specifier } of byPath.get(path)?.imports ?? []) {
      if (specifier === undefined) continue;
      if (isBuiltin(specifier)) found.add('server');
      const target = targetOf(house, path, specifier);
      if (target !== undefined) seen.add(target);
    }
  }
  return found;
}

function inGateways(path: string): boolean {
  return path.startsWith('gateways/');
}
