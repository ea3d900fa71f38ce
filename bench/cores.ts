import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The cores that a server and its load run on, so that neither takes the other's time. */
export interface Cores {
  readonly server: number;
  readonly client: number;
}

/** Two cores of those that this process may use; undefined where there are not two, or no `taskset`. */
export function findCores(): Cores | undefined {
  if (spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const [server, client] = list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return Array.from({ length: Math.min(2, last - first + 1) }, (_, i) => first + i);
  });
  return server === undefined || client === undefined ? undefined : { server, client };
}

/** The command, held to one core. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}
