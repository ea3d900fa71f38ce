import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Operation, TopicKind } from '@tidewall/protocol';
import { type Figures, figuresBetween } from './figures.ts';
import type { MountUse, Reading } from './reading.ts';
import type { System } from './system.ts';

/** The topics of the source by the last part of their names. */
export const HOST_TOPICS = {
  now: { kind: 'state' },
  system: { kind: 'state' },
  cpu: { kind: 'series' },
  cores: { kind: 'state' },
  memory: { kind: 'state' },
  'memory-use': { kind: 'series' },
  load: { kind: 'series' },
  disks: { kind: 'table', keyField: 'mount' },
  'disk-io': { kind: 'series' },
  network: { kind: 'series' },
  interfaces: { kind: 'table', keyField: 'name' },
  processes: { kind: 'table', keyField: 'pid' },
} as const satisfies Record<string, { readonly kind: TopicKind; readonly keyField?: string }>;

export type HostTopic = keyof typeof HOST_TOPICS;
export type HostTable = 'disks' | 'interfaces' | 'processes';

/** What is published at one moment. */
export interface HostPublications {
  readonly values: readonly (readonly [topic: Exclude<HostTopic, HostTable>, op: Operation, data: JsonValue])[];
  /** All rows of each table; which of them changed is found out behind this. */
  readonly tables: readonly (readonly [topic: HostTable, rows: JsonObject[]])[];
}

/** What can be said from one reading: everything that is no difference. */
export function levelsOf(reading: Reading, system: System, at: number): HostPublications {
  const { memory, load } = reading;
  const memoryPercent = share(memory.usedBytes, memory.totalBytes);
  const swapPercent = swapShare(reading);
  return {
    values: [
      ['system', 'replace', { ...system, uptimeSeconds: whole(reading.uptimeSeconds) }],
      ['memory', 'replace', { ...memory, usedPercent: memoryPercent, swapPercent }],
      ['memory-use', 'append', { t: at, used: memoryPercent, swap: swapPercent }],
      ['load', 'append', { t: at, m1: load?.[0] ?? null, m5: load?.[1] ?? null, m15: load?.[2] ?? null }],
    ],
    tables: [['disks', reading.mounts.map(diskRow)]],
  };
}

/** What can be said from two readings. */
export function ratesOf(before: Reading, after: Reading, at: number, processRows: number): HostPublications {
  const figures = figuresBetween(before, after);
  const { cpu, network, disks } = figures;
  const cpuFields = {
    total: percent(cpu.total),
    user: percent(cpu.user),
    system: percent(cpu.system),
    iowait: percent(cpu.iowait),
  };
  return {
    values: [
      ['now', 'replace', nowOf(after, figures)],
      ['cpu', 'append', { t: at, ...cpuFields }],
      ['cores', 'replace', figures.cores.map(({ name, value }) => ({ name, value: percent(value) }))],
      ['disk-io', 'append', { t: at, read: whole(disks.inRate), write: whole(disks.outRate) }],
      ['network', 'append', { t: at, rx: whole(network.inRate), tx: whole(network.outRate) }],
    ],
    tables: [
      [
        'interfaces',
        figures.interfaces.map((each) => ({ name: each.name, rx: whole(each.inRate), tx: whole(each.outRate) })),
      ],
      [
        'processes',
        figures.processes.slice(0, processRows).map((each) => ({ ...each, cpuPercent: percent(each.cpuPercent) })),
      ],
    ],
  };
}

function nowOf(reading: Reading, { cpu, network, disks }: Figures): JsonObject {
  const { memory, load, mounts } = reading;
  const root = mounts.find(({ mount }) => mount === '/') ?? mounts[0];
  return {
    cpuPercent: percent(cpu.total),
    memoryPercent: share(memory.usedBytes, memory.totalBytes),
    swapPercent: swapShare(reading),
    load1: load?.[0] ?? null,
    load5: load?.[1] ?? null,
    load15: load?.[2] ?? null,
    cores: reading.cores.size,
    rxBytesPerSecond: whole(network.inRate),
    txBytesPerSecond: whole(network.outRate),
    readBytesPerSecond: whole(disks.inRate),
    writeBytesPerSecond: whole(disks.outRate),
    uptimeSeconds: whole(reading.uptimeSeconds),
    processes: reading.processCount,
    diskPercent: root ? usedShare(root) : null,
  };
}

function diskRow(use: MountUse): JsonObject {
  return { ...use, usedPercent: usedShare(use) };
}

/** As `df` has it: what is kept for the superuser counts neither as used nor as free. */
function usedShare({ usedBytes, freeBytes }: MountUse): number {
  return share(usedBytes, usedBytes + freeBytes);
}

/** A machine without swap uses none of it. */
function swapShare({ memory }: Reading): number | null {
  if (memory.swapTotalBytes === null || memory.swapUsedBytes === null) return null;
  return share(memory.swapUsedBytes, memory.swapTotalBytes);
}

function share(part: number, all: number): number {
  return all <= 0 ? 0 : Math.round((part * 1000) / all) / 10;
}

function percent(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
