/** Time spent since start in any one unit; only shares of it are used. */
export interface CpuTimes {
  readonly user: number;
  readonly system: number;
  /** Taken by the hypervisor for others. */
  readonly stolen: number;
  /** Null where the operating system does not tell it from `idle`. */
  readonly iowait: number | null;
  readonly idle: number;
}

export interface Memory {
  readonly totalBytes: number;
  /** What programs hold: total less what could be had at once. */
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** Held by caches that give way to programs; `used + free + cached` is `total`. */
  readonly cachedBytes: number | null;
  readonly swapTotalBytes: number | null;
  readonly swapUsedBytes: number | null;
}

/** Bytes since start: received and sent, or read and written. */
export interface Traffic {
  readonly inBytes: number;
  readonly outBytes: number;
}

/** How full one mounted file system is. */
export interface MountUse {
  readonly mount: string;
  readonly device: string;
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** What an ordinary user may still write. */
  readonly freeBytes: number;
}

export interface ProcessReading {
  readonly pid: number;
  /** With the pid it names one process for ever; a pid alone is used again. */
  readonly startedAtTick: number;
  readonly name: string;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** Everything the machine says at one moment. Null: this operating system, or this container, does not say it. */
export interface Reading {
  /** The moment by a clock that never jumps. */
  readonly monotonicMs: number;
  readonly cpu: CpuTimes;
  readonly cores: ReadonlyMap<string, CpuTimes>;
  readonly memory: Memory;
  readonly load: readonly [m1: number, m5: number, m15: number] | null;
  readonly uptimeSeconds: number | null;
  /** By interface, and by physical disk. */
  readonly network: ReadonlyMap<string, Traffic> | null;
  readonly disks: ReadonlyMap<string, Traffic> | null;
  readonly mounts: readonly MountUse[];
  readonly processes: readonly ProcessReading[] | null;
  /** All that run, when there are more than were read. */
  readonly processCount: number | null;
}

/** Takes a reading; rejects with a sentence when the machine does not even say what its processors do. */
export type ReadMachine = (monotonicMs: number) => Promise<Reading>;
