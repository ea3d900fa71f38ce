import { describe, expect, it } from 'vitest';
import {
  parseAuxv,
  parseDiskstats,
  parseLoadavg,
  parseMeminfo,
  parseNetDev,
  parseProcessStat,
  parseStat,
  parseUptime,
} from './parse-proc.ts';
import { SAMPLE_PROC } from './sample-proc.ts';

const sample = (place: string): string => SAMPLE_PROC[place] ?? '';
const UNITS = { ticksPerSecond: 100, pageBytes: 4096 };

describe('/proc/stat', () => {
  it('adds nice to user and interrupts to system, and leaves guest time out, which user holds already', () => {
    const { cpu, cores } = parseStat(sample('stat'));
    expect(cpu).toEqual({ user: 4100, system: 2100, stolen: 50, iowait: 300, idle: 30000 });
    expect([...cores.keys()]).toEqual(['cpu0', 'cpu1']);
    expect(parseStat('cpu  10 0 0 0 0 0 0 0 7 3').cpu?.user).toBe(10);
  });

  it('of an old kernel with four columns gives the four', () => {
    expect(parseStat('cpu  1 2 3 4').cpu).toEqual({ user: 3, system: 3, stolen: 0, iowait: 0, idle: 4 });
  });

  it('without a line of processors says nothing', () => {
    expect(parseStat('').cpu).toBeUndefined();
  });
});

describe('/proc/meminfo', () => {
  it('splits the whole into used, free and cached', () => {
    const memory = parseMeminfo(sample('meminfo'));
    expect(memory).toEqual({
      totalBytes: 8_000_000 * 1024,
      usedBytes: 3_000_000 * 1024,
      freeBytes: 2_000_000 * 1024,
      cachedBytes: 3_000_000 * 1024,
      swapTotalBytes: 1_000_000 * 1024,
      swapUsedBytes: 250_000 * 1024,
    });
  });

  it('estimates what is available where the kernel does not say', () => {
    const text = 'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 250 kB\n';
    expect(parseMeminfo(text)).toMatchObject({ usedBytes: 600 * 1024, freeBytes: 100 * 1024, cachedBytes: 300 * 1024 });
    expect(parseMeminfo(text)).toMatchObject({ swapTotalBytes: null, swapUsedBytes: null });
  });

  it('never has negative parts, though less is available than free', () => {
    const memory = parseMeminfo('MemTotal: 1000 kB\nMemFree: 900 kB\nMemAvailable: 800 kB\n');
    expect(memory).toMatchObject({ usedBytes: 200 * 1024, freeBytes: 800 * 1024, cachedBytes: 0 });
  });

  it('that is none says nothing', () => {
    expect(parseMeminfo('nonsense')).toBeUndefined();
  });
});

it('/proc/loadavg and /proc/uptime are numbers or nothing', () => {
  expect(parseLoadavg(sample('loadavg'))).toEqual([0.52, 0.34, 0.21]);
  expect(parseLoadavg('')).toBeNull();
  expect(parseLoadavg('a b c')).toBeNull();
  expect(parseUptime(sample('uptime'))).toBe(3605.72);
  expect(parseUptime('')).toBeNull();
});

it('/proc/net/dev is read with and without a space behind the colon', () => {
  expect([...parseNetDev(sample('self/net/dev'))]).toEqual([
    ['lo', { inBytes: 3193, outBytes: 3193 }],
    ['eth0', { inBytes: 361212701, outBytes: 503208 }],
  ]);
  expect(parseNetDev('  eth0: 1 2 3').size).toBe(0);
});

describe('/proc/diskstats', () => {
  const line = (name: string, read = 2, written = 4) => `8 0 ${name} 1 0 ${read} 0 1 0 ${written} 0 0 0 0`;
  const names = (...devices: string[]) => [...parseDiskstats(devices.map((name) => line(name)).join('\n')).keys()];

  it('counts sectors of 512 bytes', () => {
    expect(parseDiskstats(sample('diskstats'))).toEqual(new Map([['vda', { inBytes: 1024_000, outBytes: 2048_000 }]]));
  });

  it('counts no byte twice: partitions and layers over a disk are left out', () => {
    expect(names('sda', 'sda1', 'sda10', 'sdaa', 'dm-0', 'md127')).toEqual(['sda', 'sdaa']);
    expect(names('nvme0n1', 'nvme0n1p1', 'nvme0n1p12', 'mmcblk0', 'mmcblk0p2')).toEqual(['nvme0n1', 'mmcblk0']);
  });

  it('counts no memory and no image as a disk', () => {
    expect(names('loop0', 'ram0', 'zram0', 'sr0', 'vda')).toEqual(['vda']);
  });

  it('takes a partition for a disk where the machine shows no disk above it', () => {
    expect(names('xvda1', 'xvdb1')).toEqual(['xvda1', 'xvdb1']);
  });
});

describe('/proc/<pid>/stat', () => {
  it('reads a name with spaces and brackets', () => {
    expect(parseProcessStat(sample('42/stat'), UNITS)).toEqual({
      pid: 42,
      name: 'a b) c',
      startedAtTick: 9000,
      cpuSeconds: 0.1,
      memoryBytes: 250 * 4096,
    });
  });

  it('that is cut short says nothing', () => {
    expect(parseProcessStat('42 (a) R 1 42', UNITS)).toBeUndefined();
    expect(parseProcessStat('', UNITS)).toBeUndefined();
  });
});

describe('/proc/self/auxv', () => {
  it('tells the units, in words of either size and order', () => {
    const little = Buffer.alloc(48);
    for (const [index, word] of [6n, 65_536n, 17n, 250n, 0n, 0n].entries()) little.writeBigUInt64LE(word, index * 8);
    expect(parseAuxv(little, 8, 'LE')).toEqual({ pageBytes: 65_536, ticksPerSecond: 250 });
    const big = Buffer.alloc(16);
    for (const [index, word] of [6, 16_384, 0, 0].entries()) big.writeUInt32BE(word, index * 4);
    expect(parseAuxv(big, 4, 'BE')).toEqual({ pageBytes: 16_384, ticksPerSecond: 100 });
  });

  it('that is not there leaves the usual ones', () => {
    expect(parseAuxv(Buffer.alloc(0), 8, 'LE')).toEqual(UNITS);
  });
});
