import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import type { Store } from '@tidewall/contracts';
import { silentLog } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, StartError } from '../startup-errors.ts';
import { type HostStore, openHostStore } from './open-host-store.ts';

let dataDir: string;
const opened: HostStore[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidewall-data-'));
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function open(): Promise<Store> {
  const kept = await openHostStore({ dataDir, clock: systemClock, log: silentLog });
  opened.push(kept);
  return kept.store;
}

async function closeAll(): Promise<void> {
  for (const each of opened.splice(0)) await each.close();
}

describe('[S7] a data folder', () => {
  test('is one process’s: the second is told whose it is, since when, and stops', async () => {
    await open();
    const failure = await open().catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(StartError);
    expect((failure as Error).message).toMatch(
      new RegExp(`^${dataDir} is in use by process ${process.pid} on ${hostname()}, since 20.+Z: stop it first`),
    );
    await closeAll();
    await open();
  });

  test('is free again after its process was killed', async () => {
    const program = `
      import { systemClock } from '@tidewall/base';
      import { openHostStore } from ${JSON.stringify(join(import.meta.dirname, 'open-host-store.ts'))};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const { store } = await openHostStore({ dataDir: ${JSON.stringify(dataDir)}, clock: systemClock, log });
      await store.write([{ collection: 'things', id: 'a', value: 1 }]);
      console.log('written');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(open()).rejects.toThrow(`is in use by process ${child.pid} on`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await (await open()).read('things')).toEqual([{ id: 'a', value: 1 }]);
  });
});

describe('what versions before have kept in files', () => {
  const KEY = { id: 'hall', name: '', createdAt: 1, disabled: false, secrets: [{ sealed: 'AAAA', createdAt: 1 }] };
  const USER = { name: 'ann', roles: ['viewer'], hash: 'scrypt$…', createdAt: 1, disabled: false };
  const SESSION = { id: 'digest', user: 'ann', createdAt: 1, seenAt: 2 };
  const SOURCE = { name: 'doors', kind: 'door', settings: { password: 'sealed' } };
  const FILES = {
    'keys.json': { format: 1, keys: [KEY] },
    'key-uses.json': { hall: 7 },
    'sources.json': { format: 1, sources: [SOURCE] },
    'topic-settings.json': { topics: [{ pattern: 'a/#', kind: 'log' }] },
    'users.json': { format: 1, users: [USER], sessions: [SESSION] },
  };
  const line = (at: number) => JSON.stringify({ at, who: 'local', what: 'x', outcome: 'done' });

  async function lay(files: Record<string, unknown> = FILES): Promise<void> {
    for (const [name, value] of Object.entries(files)) await writeFile(join(dataDir, name), JSON.stringify(value));
  }
  async function layAudit(): Promise<void> {
    await mkdir(join(dataDir, 'audit'), { recursive: true });
    await writeFile(join(dataDir, 'audit', 'audit-000009.ndjson'), `${line(1)}\n${line(2)}\n`);
    await writeFile(join(dataDir, 'audit', 'audit-000010.ndjson'), `${line(3)}\n`);
    await writeFile(join(dataDir, 'audit', 'audit.ndjson'), `${line(4)}\n{"at":5,"wh`);
  }
  const recordsOf = async (store: Store) => ({
    keys: await store.read('keys'),
    uses: await store.read('key-uses'),
    sources: await store.read('sources'),
    topics: await store.read('topics'),
    users: await store.read('users'),
    sessions: await store.read('sessions'),
    audit: (await store.readLog('audit', 0, 100)).map(({ text }) => text),
  });
  const EXPECTED = {
    keys: [{ id: 'hall', value: KEY }],
    uses: [{ id: 'hall', value: 7 }],
    sources: [{ id: 'doors', value: { format: 1, ...SOURCE } }],
    topics: [{ id: 'settings', value: { topics: [{ pattern: 'a/#', kind: 'log' }] } }],
    users: [{ id: 'ann', value: USER }],
    sessions: [{ id: 'digest', value: SESSION }],
    audit: [line(1), line(2), line(3), line(4)],
  };

  test('is taken over once, and the files get other names', async () => {
    await lay();
    await layAudit();
    expect(await recordsOf(await open())).toEqual(EXPECTED);
    const names = await readdir(dataDir);
    for (const name of [...Object.keys(FILES), 'audit']) {
      expect(names).toContain(`${name}.taken-over`);
      expect(names).not.toContain(name);
    }
    expect(JSON.parse(await readFile(join(dataDir, 'users.json.taken-over'), 'utf8'))).toEqual(FILES['users.json']);
    await closeAll();
    expect(await recordsOf(await open())).toEqual(EXPECTED);
  });

  test('is there once when a kill came before a file got its other name', async () => {
    await lay();
    await layAudit();
    await open();
    await closeAll();
    for (const name of [...Object.keys(FILES), 'audit']) {
      await rename(join(dataDir, `${name}.taken-over`), join(dataDir, name));
    }
    expect(await recordsOf(await open())).toEqual(EXPECTED);
  });

  test('is not taken over at all when one file is damaged, which is named', async () => {
    await lay({ ...FILES, 'users.json': { format: 1, users: [{ ...USER, hash: 5, disabled: 'no' }], sessions: [] } });
    const failure = await open().catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toMatch(
      /users\.json: users\[0\]\.hash .*; put back a copy of it, or move it away/,
    );
    expect((await readdir(dataDir)).filter((name) => name.includes('taken-over'))).toEqual([]);
    await rm(join(dataDir, 'users.json'));
    expect(await recordsOf(await open())).toEqual({ ...EXPECTED, users: [], sessions: [], audit: [] });
  });
});
