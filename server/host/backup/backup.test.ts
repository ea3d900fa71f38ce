import { createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '@tidewall/base';
import type { RecordChange } from '@tidewall/contracts';
import { silentLog, startTestHost, type TestHost } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HostStore, openHostStore } from '../store/open-host-store.ts';
import { createBackup } from './create-backup.ts';
import { RESTORED } from './finish-restore.ts';
import { restoreBackup } from './restore-backup.ts';

let folder: string;
let from: string;
let to: string;
let archive: string;
const opened: HostStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-backup-'));
  [from, to, archive] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'a.tar.gz')];
  for (const name of ['screens', 'files']) await mkdir(join(from, name), { recursive: true });
});
afterEach(async () => {
  await closeAll();
  await rm(folder, { recursive: true, force: true });
});

async function closeAll(): Promise<void> {
  for (const each of opened.splice(0)) await each.close();
}
async function open(dataDir: string) {
  const kept = await openHostStore({ dataDir, clock: systemClock, log: silentLog });
  opened.push(kept);
  return kept.store;
}
const put = (id: string, value: number): RecordChange => ({ collection: 'things', id, value });
const restore = (force = false) =>
  restoreBackup({ file: archive, dataDir: to, force, clock: systemClock, log: silentLog });
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** A data folder with something of everything, its store still open, and a backup of it. */
async function makeBackup(withSecret = false): Promise<void> {
  const store = opened.length > 0 ? opened[0]?.store : await open(from);
  if (store === undefined) throw new Error('nothing is open');
  await store.write([put('a', 1)]);
  await store.append('audit', ['one', 'two'], 1000);
  await writeFile(join(from, 'screens', 'hall.json'), '{"id":"hall"}');
  await writeFile(join(from, 'files', 'empty.csv'), '');
  await writeFile(join(from, 'files', 'big.csv'), 'x'.repeat(300_000));
  await writeFile(join(from, 'files', '.part'), 'hidden');
  await writeFile(join(from, 'secret.key'), 'the master secret of that folder\n');
  const folders = { screens: join(from, 'screens'), files: join(from, 'files') };
  const backup = await createBackup({ store, dataDir: from, folders, version: '1', withSecret, now: 1000 });
  await pipeline(backup, createWriteStream(archive));
}

describe('[S5] a backup', () => {
  test('that is made while the store is written to is restored elsewhere as it was at one moment', async () => {
    const store = await open(from);
    let last = 0;
    let ended = false;
    const writing = (async () => {
      while (!ended) await store.write([put('left', ++last), put('right', last)]);
    })();
    await makeBackup();
    ended = true;
    await writing;
    const { manifest, aside, hasSecret } = await restore();
    expect([manifest.madeAt, aside, hasSecret]).toEqual([1000, undefined, false]);
    const copy = await open(to);
    const kept = new Map((await copy.read('things')).map(({ id, value }) => [id, value]));
    expect(kept.get('a')).toBe(1);
    expect(kept.get('left')).toBe(kept.get('right'));
    expect(Number(kept.get('left'))).toBeGreaterThan(0);
    expect((await copy.readLog('audit', 0, 10)).map(({ text }) => text)).toEqual(['one', 'two']);
    expect(await readdir(join(to, 'files'))).toEqual(['big.csv', 'empty.csv']);
    expect((await readFile(join(to, 'files', 'big.csv'))).length).toBe(300_000);
    expect(await readFile(join(to, 'screens', 'hall.json'), 'utf8')).toBe('{"id":"hall"}');
    // What was signed just before may have been used: nothing older than the start is taken.
    expect(await readFile(join(to, 'nonces.json'), 'utf8')).toContain('running');
    expect((await readdir(from)).filter((name) => name.startsWith('.backup'))).toEqual([]);
  });

  test('has the master secret only when it is asked for', async () => {
    await makeBackup();
    expect((await restore()).hasSecret).toBe(false);
    await makeBackup(true);
    expect((await restore(true)).hasSecret).toBe(true);
    expect(await readFile(join(to, 'secret.key'), 'utf8')).toContain('the master secret');
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    [
      'was cut',
      async () => truncate(archive, (await stat(archive)).size - 20),
      /is no whole backup.*nothing was changed/,
    ],
    [
      'had a byte turned',
      async () => {
        const bytes = await readFile(archive);
        const at = Math.floor(bytes.length / 2);
        bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        await writeFile(archive, bytes);
      },
      /is no whole backup/,
    ],
    ['is something else', () => writeFile(archive, 'hello'), /is no whole backup/],
    ['is not there', () => rm(archive), /there is no file/],
  ])('that %s is refused, and changes nothing', async (_, damage, says) => {
    await makeBackup();
    await mkdir(join(to, 'screens'), { recursive: true });
    await writeFile(join(to, 'screens', 'own.json'), '{}');
    await damage();
    await expect(restore(true)).rejects.toThrow(says);
    expect(await readdir(to)).toEqual(['screens']);
    expect(await readdir(join(to, 'screens'))).toEqual(['own.json']);
  });
});

describe('a folder to restore into', () => {
  test('that is in use is refused', async () => {
    await makeBackup();
    await mkdir(to);
    await open(to);
    await expect(restore(true)).rejects.toThrow(`${to} is in use by process ${process.pid}`);
  });

  test('that has something in it is refused, unless it may be put aside; its master secret stays', async () => {
    await makeBackup();
    await mkdir(join(to, 'screens'), { recursive: true });
    await (await open(to)).write([put('own', 1)]);
    await closeAll();
    await writeFile(join(to, 'secret.key'), 'own');
    await expect(restore()).rejects.toThrow(/has something in it \(tidewall\.sqlite\).*--force/);
    const { aside, hasSecret } = await restore(true);
    expect(hasSecret).toBe(true);
    expect(await exists(join(aside ?? '', 'tidewall.sqlite'))).toBe(true);
    expect(await (await open(to)).read('things')).toEqual([{ id: 'a', value: 1 }]);
    expect(await readFile(join(to, 'secret.key'), 'utf8')).toBe('own');
  });

  test('is finished by the next start, wherever a kill came in between', async () => {
    await makeBackup();
    await restore();
    // As it is just after the restore was decided, with another state before it.
    const decided = join(folder, 'decided');
    await mkdir(join(decided, RESTORED), { recursive: true });
    const brought = ['tidewall.sqlite', 'screens', 'files', 'nonces.json'];
    for (const name of brought) await cp(join(to, name), join(decided, RESTORED, name), { recursive: true });
    await writeFile(join(decided, RESTORED, 'aside'), 'before-restore-x');
    for (const name of ['tidewall.sqlite', 'tidewall.sqlite-wal', 'users.json'])
      await writeFile(join(decided, name), 'old');
    const put = async (dir: string, name: string) => {
      await mkdir(join(dir, 'before-restore-x'), { recursive: true });
      if (await exists(join(dir, name))) await rename(join(dir, name), join(dir, 'before-restore-x', name));
    };
    const steps: ((dir: string) => Promise<void>)[] = [
      (dir) => put(dir, 'tidewall.sqlite'),
      (dir) => put(dir, 'tidewall.sqlite-wal'),
      (dir) => put(dir, 'users.json'),
      ...brought.map((name) => (dir: string) => rename(join(dir, RESTORED, name), join(dir, name))),
    ];
    for (let done = 0; done <= steps.length; done++) {
      const dir = join(folder, `killed-${done}`);
      await cp(decided, dir, { recursive: true });
      for (const step of steps.slice(0, done)) await step(dir);
      expect(await (await open(dir)).read('things')).toEqual([{ id: 'a', value: 1 }]);
      expect(await readdir(join(dir, 'screens'))).toEqual(['hall.json']);
      expect((await readdir(join(dir, 'before-restore-x'))).sort()).toEqual([
        ...['tidewall.sqlite', 'tidewall.sqlite-wal', 'users.json'],
      ]);
      expect(await exists(join(dir, RESTORED))).toBe(false);
    }
  });
});

describe('POST /api/backup', () => {
  let host: TestHost;
  const ask = (query: string, token?: string) =>
    fetch(`${host.url}/api/backup${query}`, {
      method: 'POST',
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });

  test('is for those who may, and gives the master secret to the token of the data folder alone', async () => {
    host = await startTestHost({ settings: { host: '127.0.0.1', access: 'closed' } });
    try {
      const { token } = JSON.parse(await readFile(join(host.dataDir, 'local.token'), 'utf8')) as { token: string };
      expect((await ask('')).status).toBe(401);
      const headers = { authorization: `Bearer local:${token}` };
      const key = { id: 'ops', roles: ['admin'], bearer: true };
      const made = await fetch(`${host.url}/api/keys`, { method: 'POST', headers, body: JSON.stringify(key) });
      const { secret } = (await made.json()) as { secret: string };
      expect((await ask('?secret=true', `ops:${secret}`)).status).toBe(403);
      for (const [query, shown, has] of [
        ['', `ops:${secret}`, false],
        ['?secret=true', `local:${token}`, true],
      ] as const) {
        const answer = await ask(query, shown);
        expect(answer.status).toBe(200);
        await writeFile(archive, Buffer.from(await answer.arrayBuffer()));
        expect((await restore(true)).manifest.secret).toBe(has);
        expect((await (await open(to)).read('keys')).map(({ id }) => id)).toEqual(['ops']);
        await closeAll();
      }
    } finally {
      await host.close();
    }
  });
});
