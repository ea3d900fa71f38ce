import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, open as openCallback, openSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tidewall/base';
import type { Broker, TopicLog } from '@tidewall/contracts';
import { parseTopicName } from '@tidewall/protocol';
import { SmallDisk } from '@tidewall/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { draft, follower, useJournalBed } from './journal-bed.contract.ts';

/* Real faults: file systems that are full, read-only or lie; a limit on the size of files; threads that are stuck. */

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});
// The hooks of later lines run first: what is open is closed before its disk goes.
const bed = useJournalBed();
const topic = parseTopicName('plant/line-1/oee');
const keep = { count: 100, bytes: 1024 * 1024 };

const degraded = () => bed.meter.read('tidewall_journal_degraded');
const textsOf = (log: TopicLog) =>
  Array.from({ length: log.head - log.first + 1 }, (_, i) => log.at(log.first + i)?.json);
const errors = () => bed.said.filter(({ level }) => level === 'error');

/** Uses a small disk for this test's journal. */
function on(disk: SmallDisk): SmallDisk {
  bed.folder = join(disk.path, 'journal');
  cleanUps.push(() => disk.dispose());
  return disk;
}

async function publishMany(broker: Broker, from: number, to: number, length = 1000): Promise<void> {
  const text = (i: number) => JSON.stringify(`${i} ${'x'.repeat(length)}`);
  await Promise.all(Array.from({ length: to - from + 1 }, (_, i) => broker.publish(topic, draft(text(from + i)))));
}

async function publishUntilDegraded(broker: Broker): Promise<void> {
  for (let i = 0; degraded() === 0; i++) {
    if (i > 1000) throw new Error('it never failed');
    await publishMany(broker, 1, 20);
  }
}

/** What a process that is killed now would find at its next start. */
async function afterKill(): Promise<TopicLog> {
  const copy = await bed.killed(`copy-${Math.random()}`);
  const { meter, said } = bed;
  try {
    const broker = await bed.open({ folder: copy });
    const log = await broker.follow(topic, follower({ keep }));
    await bed.closeAll(copy);
    return log;
  } finally {
    Object.assign(bed, { meter, said });
  }
}

/** It went on in memory and has said so once; nothing that it has acknowledged is promised to a restart. */
async function expectDegraded(log: TopicLog, reason: RegExp): Promise<void> {
  expect(degraded()).toBe(1);
  expect(errors()).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
  expect((await afterKill()).epoch).not.toBe(log.epoch);
}

/** It is written again and has said so, and a restart finds everything, under the same epoch. */
async function expectRecovered(log: TopicLog): Promise<void> {
  await vi.waitFor(() => expect(degraded()).toBe(0), { timeout: 15_000, interval: 50 });
  expect(bed.said).toContainEqual(
    expect.objectContaining({ level: 'info', message: expect.stringContaining('written again') }),
  );
  const again = await afterKill();
  expect([again.epoch, again.head]).toEqual([log.epoch, log.head]);
  expect(textsOf(again)).toEqual(textsOf(log));
}

const canMount = isPossible(() => SmallDisk.inMemory(4).dispose());
const needsRoot = canMount ? '' : ' (not here: it takes root to mount a small file system)';

test.skipIf(!canMount)(
  `[J10] a full disk: topics go on in memory and are written again when there is room${needsRoot}`,
  async () => {
    const disk = on(SmallDisk.inMemory(4));
    const broker = await bed.open();
    const log = await broker.follow(topic, follower({ keep }));
    await publishMany(broker, 1, 10);
    const filler = join(disk.path, 'filler');
    await writeFile(filler, Buffer.alloc(8 * 1024 * 1024)).catch(() => {});
    await publishUntilDegraded(broker);
    const { head } = log;
    await publishMany(broker, 1, 50);
    expect(log.head).toBe(head + 50);
    await expectDegraded(log, /ENOSPC/);
    await rm(filler);
    await expectRecovered(log);
    await publishMany(broker, 1, 10);
    expect((await afterKill()).head).toBe(head + 60);
  },
  60_000,
);

test.skipIf(!canMount)(
  `[J10] a disk that the journal itself has filled: what it replaces makes the room${needsRoot}`,
  async () => {
    on(SmallDisk.inMemory(4));
    const broker = await bed.open();
    const log = await broker.follow(topic, follower({ keep }));
    await publishUntilDegraded(broker);
    await expectRecovered(log);
  },
  60_000,
);

test.skipIf(!canMount)(
  `[J10] a disk that is full at the start: topics are there, and go on in memory${needsRoot}`,
  async () => {
    const disk = on(SmallDisk.inMemory(4));
    const before = await bed.open();
    await before.follow(topic, follower({ keep }));
    await publishMany(before, 1, 10);
    await before.close();
    const filler = join(disk.path, 'filler');
    await writeFile(filler, Buffer.alloc(8 * 1024 * 1024)).catch(() => {});
    const broker = await bed.open();
    const log = await broker.follow(topic, follower({ keep }));
    expect(log.head).toBe(10);
    await publishMany(broker, 11, 20);
    expect([log.head, degraded()]).toEqual([20, 1]);
    await rm(filler);
    await expectRecovered(log);
  },
  60_000,
);

test.skipIf(!canMount)(
  `[J6] a read-only disk at the start: topics are there under new epochs${needsRoot}`,
  async () => {
    const disk = on(SmallDisk.inMemory(4));
    const before = await bed.open();
    const { epoch } = await before.follow(topic, follower({ keep }));
    await publishMany(before, 1, 10);
    await before.close();
    disk.remount('ro');
    const broker = await bed.open();
    const log = await broker.follow(topic, follower({ keep }));
    await publishMany(broker, 11, 20);
    // Nothing can be marked on this disk: what is published now must not look like a continuation.
    expect([log.head, log.epoch === epoch, degraded()]).toEqual([20, false, 1]);
    disk.remount('rw');
    await expectRecovered(log);
  },
  60_000,
);

const canOverbook = isPossible(() => SmallDisk.overbooked(8).dispose());
test.skipIf(!canOverbook)(
  `[J10] a disk that fails when it is synced: nobody is promised what it may have forgotten${
    canOverbook ? '' : ' (not here: it takes root, and a loop device)'
  }`,
  async () => {
    on(SmallDisk.overbooked(6));
    const broker = await bed.open({ sync: 'always', maxBytes: 32 * 1024 * 1024 });
    const log = await broker.follow(topic, follower({ keep }));
    await publishUntilDegraded(broker);
    await publishMany(broker, 1, 50);
    expect(degraded()).toBe(1);
    expect(errors()[0]).toMatchObject({ reason: expect.stringMatching(/EIO|ENOSPC|EROFS/) });
    expect(log.at(log.head)?.json).toContain('"50 ');
  },
  60_000,
);

const limitFiles = (bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`], { stdio: 'pipe' });
const canLimit = isPossible(() => limitFiles('unlimited'));
const needsLimit = canLimit ? '' : ' (not here: there is no prlimit)';

test.skipIf(!canLimit)(
  `[J10] a file that may not grow: topics go on in memory and are written again when it may${needsLimit}`,
  async () => {
    const broker = await bed.open();
    const log = await broker.follow(topic, follower({ keep }));
    await publishMany(broker, 1, 10);
    cleanUps.push(() => limitFiles('unlimited'));
    limitFiles(100_000);
    await publishUntilDegraded(broker);
    limitFiles('unlimited');
    await expectRecovered(log);
  },
  60_000,
);

test.skipIf(!canLimit)(
  `[J6] nobody is told of what is not written before the seal is broken${needsLimit}`,
  async () => {
    const broker = await bed.open();
    const sealed: boolean[] = [];
    const received = () => {
      if (degraded() === 1) sealed.push(existsSync(join(bed.folder, 'seal')));
    };
    await broker.follow(topic, follower({ keep, received }));
    cleanUps.push(() => limitFiles('unlimited'));
    limitFiles(100_000);
    await publishUntilDegraded(broker);
    limitFiles('unlimited');
    expect(sealed).toEqual(Array.from({ length: 20 }, () => false));
  },
);

test('[J11] a disk that does not answer: publishing waits no longer than stallMs, and order stays', async () => {
  const stallMs = 200;
  const broker = await bed.open({ stallMs });
  const told: number[] = [];
  const log = await broker.follow(topic, follower({ keep, received: ({ offset }) => void told.push(offset) }));
  await publishMany(broker, 1, 10);
  const release = await stickThreads();
  const released = setTimeout(release, 10_000);
  const began = performance.now();
  await publishMany(broker, 11, 30);
  // Once for the write, and once for the mark that it failed.
  expect(performance.now() - began).toBeLessThan(2 * stallMs + 1000);
  expect([log.head, degraded()]).toEqual([30, 1]);
  const second = performance.now();
  await publishMany(broker, 31, 40);
  expect(performance.now() - second).toBeLessThan(stallMs);
  clearTimeout(released);
  release();
  await expectRecovered(log);
  expect(told).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
}, 60_000);

test('[J6] closing while topics live in memory alone ends, and promises nothing', async () => {
  const broker = await bed.open({ stallMs: 200 });
  const { epoch } = await broker.follow(topic, follower({ keep }));
  await publishMany(broker, 1, 10);
  const release = await stickThreads();
  await publishMany(broker, 11, 30);
  const closed = broker.close();
  release();
  await closed;
  const log = await (await bed.open()).follow(topic, follower({ keep }));
  expect(log.epoch).not.toBe(epoch);
});

test('[J13] a process that stood still while another took its folder writes nothing more there', async () => {
  let jump = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + jump };
  const broker = await bed.open({ clock });
  const log = await broker.follow(topic, follower({ keep }));
  await publishMany(broker, 1, 10);
  await rm(join(bed.folder, 'lock'));
  await writeFile(join(bed.folder, 'lock'), 'somebody else');
  const [, name = ''] = await bed.files();
  const size = (await stat(join(bed.folder, name))).size;
  jump = 10_000;
  await publishMany(broker, 11, 20);
  expect([log.head, degraded()]).toEqual([20, 1]);
  expect(errors()).toEqual([expect.objectContaining({ reason: expect.stringContaining('another process has taken') })]);
  expect((await stat(join(bed.folder, name))).size).toBe(size);
  // The other one's promise is not this one's to take back.
  expect(await readFile(join(bed.folder, 'seal'), 'utf8')).toContain('boot');
  await broker.close();
  expect(await readFile(join(bed.folder, 'lock'), 'utf8')).toBe('somebody else');
});

function isPossible(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

/** Keeps every thread that does file work busy until it is released: each waits for the writer of a pipe. */
async function stickThreads(): Promise<() => void> {
  const pipe = join(bed.root, `pipe-${Math.random()}`);
  execFileSync('mkfifo', [pipe]);
  let stuck = 0;
  for (let i = 0; i < 8; i++) {
    stuck++;
    openCallback(pipe, constants.O_RDONLY, (_, fd) => {
      stuck--;
      if (fd !== undefined) closeSync(fd);
      if (stuck === 0) closeSync(writer as number);
    });
  }
  let writer: number | undefined;
  const release = () => {
    writer ??= openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  };
  cleanUps.push(release);
  return release;
}
