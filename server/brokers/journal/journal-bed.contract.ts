import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import type { Broker, Draft, Log, LogFollower } from '@tidewall/contracts';
import { CountingMeter } from '@tidewall/testkit';
import { afterEach, beforeEach } from 'vitest';
import { openJournalBroker } from './journal-broker.ts';
import type { JournalOptions } from './journal-options.ts';

/** What was logged: the level, the message and the fields. */
export type Said = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

/** Journals in a folder of their own, over real files; all are closed and gone after each test. */
export class JournalBed {
  /** Everything of this test is in here. */
  root = '';
  folder = '';
  meter = new CountingMeter();
  said: Said[] = [];
  readonly #open = new Map<Broker, string>();

  async prepare(): Promise<void> {
    this.root = await mkdtemp(join(tmpdir(), 'tidewall-journal-'));
    this.folder = join(this.root, 'journal');
  }

  readonly log: Log = {
    debug: () => {},
    info: (fields, message) => void this.said.push({ level: 'info', message, ...fields }),
    warn: (fields, message) => void this.said.push({ level: 'warn', message, ...fields }),
    error: (fields, message) => void this.said.push({ level: 'error', message, ...fields }),
  };

  async open(options: Partial<JournalOptions> = {}): Promise<Broker> {
    this.meter = new CountingMeter();
    this.said = [];
    const folder = options.folder ?? this.folder;
    const broker = await openJournalBroker({
      sync: 'interval',
      maxBytes: 64 * 1024 * 1024,
      stallMs: 5000,
      clock: systemClock,
      log: this.log,
      meter: this.meter,
      random: Math.random,
      ...options,
      folder,
    });
    this.#open.set(broker, folder);
    return broker;
  }

  /** What a process that is killed now would leave, in a folder of that name. */
  async killed(name: string, from = this.folder): Promise<string> {
    const folder = join(this.root, name);
    const names = async () => (await readdir(from)).filter((one) => one !== 'lock').sort();
    for (;;) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      const before = await names();
      const copies = await Promise.allSettled(before.map((one) => copyFile(join(from, one), join(folder, one))));
      // Files that come or go meanwhile would make a picture that there never was.
      const same = (await names()).join() === before.join();
      if (same && copies.every(({ status }) => status === 'fulfilled')) return folder;
    }
  }

  /** Names of the files with publications. */
  async files(folder = this.folder): Promise<string[]> {
    return (await readdir(folder)).filter((name) => /^\d/.test(name)).sort();
  }

  /** Closes those that are open on a folder. */
  async closeAll(folder: string): Promise<void> {
    for (const [broker, its] of this.#open) {
      if (its !== folder) continue;
      await broker.close();
      this.#open.delete(broker);
    }
  }

  async dispose(): Promise<void> {
    for (const folder of new Set(this.#open.values())) await this.closeAll(folder);
    await rm(this.root, { recursive: true, force: true });
  }
}

export function useJournalBed(): JournalBed {
  const bed = new JournalBed();
  beforeEach(() => bed.prepare());
  afterEach(() => bed.dispose());
  return bed;
}

export const draft = (json: string, more: Partial<Draft> = {}): Draft => ({
  op: 'append',
  json,
  at: 1_700_000_000_000,
  weight: 1,
  ...more,
});

export const follower = (more: Partial<LogFollower> = {}): LogFollower => ({
  keep: { count: 1000, bytes: 1024 * 1024 },
  retain: true,
  about: '{"kind":"log"}',
  received() {},
  snapshot: () => undefined,
  ...more,
});

/** A follower that holds the newest value, as a `state` does. */
export function stateFollower(keep: LogFollower['keep']): LogFollower & { held: string | undefined } {
  return {
    held: undefined,
    keep,
    retain: true,
    about: '{"kind":"state"}',
    received({ json }) {
      this.held = json;
    },
    snapshot() {
      return this.held;
    },
  };
}
