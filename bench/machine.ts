import { arch, cpus, release, totalmem, type } from 'node:os';

/** The machine, in a line: figures of two machines say nothing beside each other. */
export function describeMachine(): string {
  const processors = cpus();
  const gib = Math.round(totalmem() / 1024 ** 3);
  return `${processors.length} × ${processors[0]?.model.trim() ?? arch()}, ${gib} GiB, ${type()} ${release()}, Node ${process.versions.node}`;
}
