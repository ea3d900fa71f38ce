import type { CpuTimes, Memory, ProcessReading, Traffic } from './reading.ts';

/*
 * The texts of Linux's /proc. Each parser takes what it knows and passes over the rest, since kernels add fields and
 * lines. See proc(5) and the kernel's Documentation/filesystems/proc.rst, admin-guide/iostats.rst.
 */

/** The line `cpu` and the lines `cpu0`, `cpu1` … of /proc/stat. */
export function parseStat(text: string): { readonly cpu: CpuTimes | undefined; readonly cores: Map<string, CpuTimes> } {
  let cpu: CpuTimes | undefined;
  const cores = new Map<string, CpuTimes>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('cpu')) continue;
    const [name = '', ...columns] = line.trim().split(/\s+/);
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = columns.map(Number);
    // The columns after that, guest time, are within user and nice already.
    const times = { user: user + nice, system: system + irq + softirq, stolen: steal, iowait, idle };
    if (name === 'cpu') cpu = times;
    else if (/^cpu\d+$/.test(name)) cores.set(name, times);
  }
  return { cpu, cores };
}

/** /proc/meminfo. Kernels before 3.14 do not tell what is available; it is estimated as they did. */
export function parseMeminfo(text: string): Memory | undefined {
  const bytes = new Map<string, number>();
  for (const [, name = '', kibibytes = ''] of text.matchAll(/^([^:\n]+):\s+(\d+) kB$/gm)) {
    bytes.set(name, Number(kibibytes) * 1024);
  }
  const totalBytes = bytes.get('MemTotal');
  const freeBytes = bytes.get('MemFree');
  if (totalBytes === undefined || freeBytes === undefined) return undefined;
  const caches = (bytes.get('Buffers') ?? 0) + (bytes.get('Cached') ?? 0) + (bytes.get('SReclaimable') ?? 0);
  const available = Math.min(totalBytes, bytes.get('MemAvailable') ?? freeBytes + caches);
  const swapTotal = bytes.get('SwapTotal') ?? null;
  const swapFree = bytes.get('SwapFree') ?? null;
  // The kernel may call a little less available than free, since it keeps a reserve: then nothing counts as cached.
  const free = Math.min(freeBytes, available);
  return {
    totalBytes,
    usedBytes: totalBytes - available,
    freeBytes: free,
    cachedBytes: available - free,
    swapTotalBytes: swapTotal,
    swapUsedBytes: swapTotal === null || swapFree === null ? null : Math.max(0, swapTotal - swapFree),
  };
}

/** /proc/loadavg. */
export function parseLoadavg(text: string): readonly [number, number, number] | null {
  const [m1, m5, m15] = text.trim().split(/\s+/).map(Number);
  if (m1 === undefined || m5 === undefined || m15 === undefined) return null;
  return [m1, m5, m15].every(Number.isFinite) ? [m1, m5, m15] : null;
}

/** /proc/uptime: seconds since start. */
export function parseUptime(text: string): number | null {
  const seconds = Number.parseFloat(text);
  return Number.isFinite(seconds) ? seconds : null;
}

/** /proc/net/dev: bytes received and sent by interface. Old kernels put no space behind the colon. */
export function parseNetDev(text: string): Map<string, Traffic> {
  const interfaces = new Map<string, Traffic>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [inBytes, outBytes] = [columns[0], columns[8]];
    if (inBytes === undefined || outBytes === undefined || Number.isNaN(inBytes + outBytes)) continue;
    interfaces.set(line.slice(0, colon).trim(), { inBytes, outBytes });
  }
  return interfaces;
}

/** A sector in /proc/diskstats has 512 bytes, whatever the disk's own sectors have. */
const SECTOR_BYTES = 512;

/** Devices that are made of others, or of memory: their bytes are counted where they end up, or are no disk's. */
const VIRTUAL_DISK = /^(loop|ram|zram|dm-|md|fd|sr|drbd|bcache|nbd)\d/;

/** /proc/diskstats: bytes read and written by physical disk, without partitions and layered devices. */
export function parseDiskstats(text: string): Map<string, Traffic> {
  const all = new Map<string, Traffic>();
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/\s+/);
    const [name, read, written] = [columns[2], Number(columns[5]), Number(columns[9])];
    if (name === undefined || Number.isNaN(read + written) || VIRTUAL_DISK.test(name)) continue;
    all.set(name, { inBytes: read * SECTOR_BYTES, outBytes: written * SECTOR_BYTES });
  }
  // Some virtual machines have xvda1 and no xvda, so a partition is one only beside its disk.
  return new Map([...all].filter(([name]) => !all.has(diskOfPartition(name))));
}

/** `sda` of `sda1`, `nvme0n1` of `nvme0n1p2`; the name itself when it is not the name of a partition. */
function diskOfPartition(name: string): string {
  const [, numbered] = /^(.*\d)p\d+$/.exec(name) ?? [];
  if (numbered !== undefined) return numbered;
  const [, lettered] = /^(.*\D)\d+$/.exec(name) ?? [];
  return lettered ?? '';
}

/** What this machine's kernel counts in. */
export interface KernelUnits {
  readonly ticksPerSecond: number;
  readonly pageBytes: number;
}

/** /proc/<pid>/stat; undefined when it is cut short, as when the process ends meanwhile. */
export function parseProcessStat(text: string, units: KernelUnits): ProcessReading | undefined {
  // The name may hold spaces and brackets: it ends at the last one.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const pid = Number(text.slice(0, open));
  // The first column behind the name is the third of proc(5).
  const columns = text
    .slice(close + 1)
    .trim()
    .split(/\s+/);
  const [userTicks, systemTicks, startedAtTick, pages] = [11, 12, 19, 21].map((index) => Number(columns[index]));
  if (userTicks === undefined || systemTicks === undefined || startedAtTick === undefined || pages === undefined)
    return;
  if (Number.isNaN(pid + userTicks + systemTicks + startedAtTick + pages)) return undefined;
  return {
    pid,
    startedAtTick,
    name: text.slice(open + 1, close),
    cpuSeconds: (userTicks + systemTicks) / units.ticksPerSecond,
    memoryBytes: Math.max(0, pages) * units.pageBytes,
  };
}

/** What nearly all machines have. */
const USUAL_UNITS: KernelUnits = { ticksPerSecond: 100, pageBytes: 4096 };
const AT_PAGESZ = 6;
const AT_CLKTCK = 17;

/**
 * The units from /proc/self/auxv, a list of pairs of machine words, since Node offers no sysconf: pages have 16 or 64
 * KiB on some ARM machines.
 *
 * @param wordBytes 8, or 4 on a 32-bit machine
 */
export function parseAuxv(auxv: Buffer, wordBytes: 4 | 8, endian: 'LE' | 'BE'): KernelUnits {
  const word = (offset: number): number => {
    if (wordBytes === 4) return endian === 'LE' ? auxv.readUInt32LE(offset) : auxv.readUInt32BE(offset);
    return Number(endian === 'LE' ? auxv.readBigUInt64LE(offset) : auxv.readBigUInt64BE(offset));
  };
  let { ticksPerSecond, pageBytes } = USUAL_UNITS;
  for (let offset = 0; offset + 2 * wordBytes <= auxv.length; offset += 2 * wordBytes) {
    const value = word(offset + wordBytes);
    if (value <= 0) continue;
    if (word(offset) === AT_PAGESZ) pageBytes = value;
    if (word(offset) === AT_CLKTCK) ticksPerSecond = value;
  }
  return { ticksPerSecond, pageBytes };
}
