import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tidewall/base';
import { FakeClock, silentLog } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FolderLock, FolderTaken } from './folder-lock.ts';

let folder: string;
let path: string;
const locks: FolderLock[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-lock-'));
  path = join(folder, 'lock');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const lock of locks.splice(0)) await lock.release();
  await rm(folder, { recursive: true, force: true });
});

async function acquire(beatMs = 20): Promise<FolderLock> {
  const lock = await FolderLock.acquire({ folder, clock: systemClock, log: silentLog, beatMs });
  locks.push(lock);
  return lock;
}

async function refusal(): Promise<FolderTaken> {
  const failure = await acquire().catch((taken: unknown) => taken);
  expect(failure).toBeInstanceOf(FolderTaken);
  return failure as FolderTaken;
}

async function running(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  children.push(child);
  return child as ChildProcess & { pid: number };
}

async function beganOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** A lock as another process of this machine would have left it. */
async function leaveLock(changes: object): Promise<void> {
  const boot = { id: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() };
  const pids = await readlink('/proc/self/ns/pid');
  await writeFile(path, JSON.stringify({ pid: 1, host: hostname(), boot, pids, lock: 'left', ...changes }));
}

test('[J13] who comes second is told whose the folder is and what to do, until it is released', async () => {
  const first = await acquire();
  const { message } = await refusal();
  expect(message).toMatch(
    new RegExp(`^${folder} is in use by process ${process.pid} on ${hostname()}, since \\d{4}-\\d\\d-\\d\\dT[^ ]+Z:`),
  );
  expect(message).toContain('--data-dir');
  expect(message).toContain(`remove ${path}`);
  await first.release();
  await acquire();
});

test('of many that come at once, one gets it', async () => {
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => acquire()));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('[J13] of many that find the lock of a process that has ended, one gets it', async () => {
  const child = await running();
  const { pid } = child;
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (let i = 0; i < 10; i++) {
    await leaveLock({ pid, began: '1' });
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => acquire()));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const lock of locks.splice(0)) await lock.release();
    expect(await readdir(folder)).toEqual([]);
  }
});

test('a process that lives keeps it; a number that was given again does not', async () => {
  const { pid } = await running();
  await leaveLock({ pid, began: await beganOf(pid) });
  expect((await refusal()).message).toContain(`process ${pid} `);
  await leaveLock({ pid, began: '12345' });
  await acquire();
});

test.each([
  ['in another container', { pids: 'pid:[1]' }],
  ['on another machine', { host: 'elsewhere' }],
  ['in an earlier run of the machine', { boot: { id: 'earlier' } }],
])('a holder %s keeps it as long as it touches the file', async (_, changes) => {
  await leaveLock({ ...changes, pid: process.pid });
  let beats = 0;
  const beat = setInterval(() => void utimes(path, new Date(), new Date(1_700_000_000_000 + ++beats * 1000)), 10);
  const { message } = await refusal();
  clearInterval(beat);
  expect(message).toContain(`process ${process.pid} on`);
  await acquire();
});

test('a lock that says nothing belongs to nobody, unless it is touched', async () => {
  await writeFile(path, '');
  await acquire();
});

test('the holder touches its lock as time goes by', async () => {
  const clock = new FakeClock();
  const lock = await FolderLock.acquire({ folder, clock, log: silentLog, beatMs: 1000 });
  locks.push(lock);
  for (let beat = 1; beat <= 10; beat++) {
    await clock.advance(1000);
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    expect((await stat(path)).mtimeMs).toBe(clock.now());
    expect(lock.mayBeLost).toBe(false);
  }
});

test('a holder that stood still knows that it may have lost the folder, and whether it has', async () => {
  let elapsed = 0;
  const still: Clock = { now: () => 0, monotonic: () => elapsed, after: () => () => {} };
  const lock = await FolderLock.acquire({ folder, clock: still, log: silentLog, beatMs: 1000 });
  locks.push(lock);
  expect([lock.mayBeLost, await lock.isHeld()]).toEqual([false, true]);
  elapsed = 5000;
  expect([lock.mayBeLost, await lock.isHeld()]).toEqual([true, true]);
  await rm(path);
  const other = await acquire();
  expect(await lock.isHeld()).toBe(false);
  await lock.release();
  expect(await other.isHeld()).toBe(true);
});
