import { arch, cpus, hostname, release, totalmem, type } from 'node:os';

/** What a machine is. */
export type System = {
  readonly hostname: string;
  readonly os: string;
  readonly kernel: string;
  readonly arch: string;
  readonly cpuModel: string | null;
  readonly cores: number;
  readonly totalMemoryBytes: number;
  readonly nodeVersion: string;
};

/** What this machine is. Some ARM kernels do not name the model of the processor. */
export function readSystem(): System {
  const cores = cpus();
  const model = cores[0]?.model.trim();
  return {
    hostname: hostname(),
    os: type(),
    kernel: release(),
    arch: arch(),
    cpuModel: model && model !== 'unknown' ? model : null,
    cores: cores.length,
    totalMemoryBytes: totalmem(),
    nodeVersion: process.version,
  };
}
