import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuShares, figuresBetween, ratePerSecond } from './figures.ts';
import type { CpuTimes, ProcessReading, Reading, Traffic } from './reading.ts';

function reading(some: Partial<Reading>): Reading {
  return {
    monotonicMs: 0,
    cpu: { user: 0, system: 0, stolen: 0, iowait: 0, idle: 0 },
    cores: new Map(),
    memory: {
      totalBytes: 1,
      usedBytes: 0,
      freeBytes: 1,
      cachedBytes: 0,
      swapTotalBytes: null,
      swapUsedBytes: null,
    },
    load: null,
    uptimeSeconds: null,
    network: null,
    disks: null,
    mounts: [],
    processes: null,
    processCount: null,
    ...some,
  };
}

const traffic = (rows: Record<string, [number, number]>): Map<string, Traffic> =>
  new Map(Object.entries(rows).map(([name, [inBytes, outBytes]]) => [name, { inBytes, outBytes }]));

describe('a rate', () => {
  it('is growth over the time that really passed', () => {
    expect(ratePerSecond(1000, 4000, 1500)).toBe(2000);
  });

  it('is unknown when the counter wrapped or was reset, or is new', () => {
    expect(ratePerSecond(4_294_967_000, 500, 1000)).toBeNull();
    expect(ratePerSecond(undefined, 500, 1000)).toBeNull();
  });

  it('is unknown when no time passed', () => {
    expect(ratePerSecond(1, 2, 0)).toBeNull();
    expect(ratePerSecond(1, 2, -5)).toBeNull();
  });
});

describe('shares of processor time', () => {
  const times = fc.record({
    user: fc.nat(),
    system: fc.nat(),
    stolen: fc.nat(),
    idle: fc.nat(),
    iowait: fc.option(fc.nat()),
  });

  it('are of the time between the readings', () => {
    const before: CpuTimes = { user: 100, system: 100, stolen: 0, iowait: 10, idle: 1000 };
    const after: CpuTimes = { user: 130, system: 110, stolen: 10, iowait: 20, idle: 1040 };
    expect(cpuShares(before, after)).toEqual({ total: 50, user: 30, system: 10, iowait: 10 });
  });

  it('stay between 0 and 100 whatever the counters do', () => {
    fc.assert(
      fc.property(times, times, (before, after) => {
        for (const share of Object.values(cpuShares(before, after))) {
          if (share !== null) expect(share >= 0 && share <= 100 + 1e-9).toBe(true);
        }
      }),
    );
  });

  it('are unknown when no time was counted', () => {
    const same: CpuTimes = { user: 1, system: 1, stolen: 1, iowait: 1, idle: 1 };
    expect(cpuShares(same, same)).toEqual({ total: null, user: null, system: null, iowait: null });
  });
});

describe('traffic of the machine', () => {
  it('leaves out a disk that vanished, one that came, and one that was reset', () => {
    const before = reading({ disks: traffic({ sda: [1000, 0], gone: [9e9, 9e9], reset: [5000, 5000] }) });
    const disks = traffic({ sda: [3000, 1000], fresh: [9e9, 9e9], reset: [10, 10] });
    const { disks: rate } = figuresBetween(before, reading({ monotonicMs: 1000, disks }));
    expect(rate).toEqual({ inRate: 2000, outRate: 1000 });
  });

  it('is that of the interfaces which leave the machine, counted once', () => {
    const before = reading({ network: traffic({ lo: [0, 0], eth0: [0, 0], docker0: [0, 0], veth1: [0, 0] }) });
    const network = traffic({ lo: [7, 7], eth0: [100, 50], docker0: [90, 40], veth1: [90, 40] });
    const figures = figuresBetween(before, reading({ monotonicMs: 1000, network }));
    expect(figures.network).toEqual({ inRate: 100, outRate: 50 });
    expect(figures.interfaces.map(({ name }) => name)).toEqual(['lo', 'eth0', 'docker0', 'veth1']);
  });

  it('is unknown where nothing tells', () => {
    expect(figuresBetween(reading({}), reading({ monotonicMs: 1000 })).network).toEqual({
      inRate: null,
      outRate: null,
    });
  });
});

describe('processes', () => {
  const one = (some: Partial<ProcessReading>): ProcessReading => ({
    pid: 1,
    startedAtTick: 5,
    name: 'p',
    cpuSeconds: 0,
    memoryBytes: 10,
    ...some,
  });

  it('come busiest first, then largest', () => {
    const before = [one({ pid: 1 }), one({ pid: 2 }), one({ pid: 3 })];
    const after = [one({ pid: 1, memoryBytes: 5 }), one({ pid: 2, memoryBytes: 9 }), one({ pid: 3, cpuSeconds: 0.25 })];
    const cores = new Map([['cpu0', reading({}).cpu]]);
    const figures = figuresBetween(
      reading({ processes: before }),
      reading({ processes: after, monotonicMs: 1000, cores }),
    );
    expect(figures.processes.map(({ pid, cpuPercent }) => [pid, cpuPercent])).toEqual([
      [3, 25],
      [2, 0],
      [1, 0],
    ]);
  });

  it('that took the number of one which ended have no share yet', () => {
    const before = reading({ processes: [one({ cpuSeconds: 1 })] });
    const after = reading({ monotonicMs: 1000, processes: [one({ startedAtTick: 99, cpuSeconds: 3 })] });
    expect(figuresBetween(before, after).processes[0]?.cpuPercent).toBeNull();
  });

  it('never take more than there is', () => {
    const cores = new Map([['cpu0', reading({}).cpu]]);
    const before = reading({ processes: [one({})] });
    const after = reading({ monotonicMs: 15, cores, processes: [one({ cpuSeconds: 0.03 })] });
    expect(figuresBetween(before, after).processes[0]?.cpuPercent).toBe(100);
  });
});
