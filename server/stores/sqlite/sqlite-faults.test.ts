import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Store } from '@tidewall/contracts';
import { findProgram, SmallDisk } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATIONS, type Migration } from '../migrations.ts';
import { openSqliteStore, StoreRefused } from './index.ts';

/* Real faults: kills, full disks, disks that fail, and bytes that turn. */

let folder: string;
let path: string;
const opened: Store[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-faults-'));
  path = join(folder, 'store.sqlite');
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(file = path, migrations?: readonly Migration[]): Promise<Store> {
  const store = await openSqliteStore({ path: file, ...(migrations && { migrations }) });
  opened.push(store);
  return store;
}
async function close(): Promise<void> {
  for (const store of opened.splice(0)) await store.close();
}
const thing = (id: string, value: string | number) => ({ collection: 'things', id, value });

/** Opens the store in a process of its own, and does something with it; what that prints is lines. */
function start(work: string, before: readonly string[] = []) {
  const program = `
    import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    const path = ${JSON.stringify(path)};
    const say = (text) => process.stdout.write(text + '\\n');
    ${work}
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const [command = process.execPath, ...first] = [...before, process.execPath];
  const child = spawn(command, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, lines: createInterface({ input: child.stdout }), ended: once(child, 'exit') };
}

/** Writes one number after another, and says each when it was acknowledged. */
const COUNT = `
  const store = await openSqliteStore({ path });
  const [record] = await store.read('things');
  for (let n = Number(record?.value ?? 0) + 1; ; n++) {
    await store.write([{ collection: 'things', id: 'n', value: n }, { collection: 'things', id: 'k' + (n % 50), value: n }]);
    await store.append('log', [String(n)], 20000);
    say(String(n));
  }
`;

test('[S1] nothing that was acknowledged is lost by a kill during writes, 100 times', async () => {
  // The process that is killed is one of several in turn, each killed in the middle of its writes.
  let kills = 0;
  let acknowledged = 0;
  while (kills < 100) {
    const { child, lines, ended } = start(COUNT);
    const stopAfter = 1 + ((kills * 37) % 23);
    let here = 0;
    lines.on('line', (line) => {
      acknowledged = Number(line);
      if (++here === stopAfter) child.kill('SIGKILL');
    });
    const [, signal] = await ended;
    expect(signal).toBe('SIGKILL');
    kills++;
    if (kills % 10 > 0) continue;
    const store = await open();
    const kept = new Map((await store.read('things')).map(({ id, value }) => [id, Number(value)]));
    const n = kept.get('n') ?? 0;
    // The one on its way may be there, too; both of its records, or none.
    expect([acknowledged, acknowledged + 1]).toContain(n);
    expect(kept.get(`k${n % 50}`)).toBe(n);
    expect(Number((await store.readLog('log', 0, 1_000_000)).at(-1)?.text)).toBeGreaterThanOrEqual(acknowledged);
    await close();
  }
}, 400_000);

const strace = worksUnderStrace() ? findProgram('strace') : undefined;
const needsStrace = strace === undefined ? ' (not here: it takes strace)' : '';

test.skipIf(strace === undefined)(`[S2] each change is synced before it is acknowledged${needsStrace}`, async () => {
  const log = join(folder, 'trace');
  const calls = 'trace=pwrite64,pwritev,write,fsync,fdatasync';
  const { child, lines, ended } = start(COUNT, ['strace', '-f', '-y', '-s', '8', '-e', calls, '-o', log]);
  for await (const line of lines) if (line === '20') break;
  child.kill('SIGKILL');
  await ended;
  // Between two acknowledgements the log of SQLite is written, and then synced, for each of the two transactions.
  const events = (await readFile(log, 'utf8')).split('\n').flatMap((line): string[] => {
    if (/pwrite(64|v)\(.*-wal>/.test(line)) return ['W'];
    if (/f(data)?sync\(.*-wal>/.test(line)) return ['S'];
    return /write\(1<.*"\d+\\n"/.test(line) ? ['A'] : [];
  });
  const rounds = events.join('').replace(/W+/g, 'W').split('A').slice(1, 15);
  expect(rounds).toHaveLength(14);
  for (const round of rounds) expect(round).toMatch(/^WSWS$/);
});

test.skipIf(strace === undefined)(
  `[S4] what a disk cannot sync is refused by name, and works again${needsStrace}`,
  async () => {
    await (await open()).write([thing('a', 1)]);
    await close();
    const work = `
    const store = await openSqliteStore({ path });
    for (let n = 0; n < 12; n++) {
      await store.write([{ collection: 'things', id: 'n', value: n }]).then(
        () => say('kept ' + n),
        ({ kind, message }) => say(kind + ' ' + message),
      );
    }
    await store.close();
  `;
    // From the fourth to the eighth sync of the process.
    const inject = ['-e', 'inject=fsync,fdatasync:error=EIO:when=4..8'];
    const { lines, ended } = start(work, [
      'strace',
      '-f',
      '-q',
      '-e',
      'trace=fsync,fdatasync',
      ...inject,
      '-o',
      '/dev/null',
    ]);
    const said: string[] = [];
    for await (const line of lines) said.push(line);
    await ended;
    const refused = said.filter((line) => line.startsWith('internal'));
    expect(refused.length).toBeGreaterThan(0);
    for (const line of refused)
      expect(line).toBe(`internal ${path} could not be written: disk I/O error; nothing was changed`);
    const last = said.findLast((line) => line.startsWith('kept'));
    expect(said.at(-1)).toBe('kept 11');
    expect((await (await open()).read('things')).find(({ id }) => id === 'n')?.value).toBe(Number(last?.slice(5)));
  },
);

describe('[S6] a migration', () => {
  const LONG: Migration = {
    name: 'AddMuch',
    statements: [
      'CREATE TABLE much (n INTEGER PRIMARY KEY, text TEXT)',
      `INSERT INTO much SELECT n, hex(randomblob(200)) FROM (
        WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 20000) SELECT n FROM count)`,
      'CREATE UNIQUE INDEX much_text ON much (text)',
    ],
  };

  test.skipIf(strace === undefined)(
    `that is killed anywhere, 20 times each, is done again whole${needsStrace}`,
    async () => {
      const all = JSON.stringify([...MIGRATIONS, LONG]);
      let killed = 0;
      for (let version = 0; version <= MIGRATIONS.length; version++) {
        const before = join(folder, `version-${version}`);
        if (version > 0) {
          await open(before, MIGRATIONS.slice(0, version));
          await close();
        }
        for (let kill = 1; kill <= 20; kill++) {
          await rm(`${path}-wal`, { force: true });
          await rm(`${path}-shm`, { force: true });
          await rm(path, { force: true });
          if (version > 0) await copyFile(before, path);
          // The n-th write to the file or its log ends the process.
          const at = version === MIGRATIONS.length ? kill * kill * 3 : kill;
          const inject = ['-e', 'trace=pwrite64', '-e', `inject=pwrite64:signal=SIGKILL:when=${at}`];
          const migrations = `(${all}).slice(0, ${version + 1})`;
          const work = `await openSqliteStore({ path, migrations: ${migrations} }); say('done'); process.exit();`;
          const { ended } = start(work, ['strace', '-f', '-q', '-o', '/dev/null', ...inject]);
          const [code, signal] = await ended;
          if (signal === 'SIGKILL' || code !== 0) killed++;
          const store = await open(path, [...MIGRATIONS, LONG]);
          await store.write([thing('a', 1)]);
          await store.append('log', ['x'], 100);
          expect(await store.read('things')).toEqual([{ id: 'a', value: 1 }]);
          await close();
        }
      }
      expect(killed).toBeGreaterThan(20);
    },
    400_000,
  );

  test('of a newer program is refused by name, and nothing is changed', async () => {
    await open(path, [...MIGRATIONS, LONG]);
    await close();
    const before = await readFile(path);
    const failure = await open().catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(StoreRefused);
    expect((failure as Error).message).toMatch(
      /store\.sqlite has version 3, of a newer version of this program, which knows 2: start that/,
    );
    expect(await readFile(path)).toEqual(before);
  });
});

const canMount = isPossible(() => SmallDisk.inMemory(4).dispose());
const needsRoot = canMount ? '' : ' (not here: it takes root to mount a small file system)';

test.skipIf(!canMount)(
  `[S3] a full disk refuses changes with what to do, and takes them again when there is room${needsRoot}`,
  async () => {
    const disk = SmallDisk.inMemory(4);
    try {
      const store = await open(join(disk.path, 'store.sqlite'));
      await store.write([thing('kept', 'before')]);
      const filler = join(disk.path, 'filler');
      await writeFile(filler, Buffer.alloc(8 * 1024 * 1024)).catch(() => {});
      const full = { kind: 'storage_full', message: `there is no room for ${store.name}; nothing was changed` };
      await expect(store.write([thing('kept', 'x'.repeat(500_000))])).rejects.toMatchObject(full);
      await expect(store.append('log', ['x'.repeat(500_000)], 1_000_000)).rejects.toMatchObject(full);
      await expect(store.backup(join(disk.path, 'copy'))).rejects.toMatchObject({ kind: 'storage_full' });
      expect(await store.read('things')).toEqual([{ id: 'kept', value: 'before' }]);
      await rm(filler);
      await store.write([thing('kept', 'after')]);
      expect(await store.read('things')).toEqual([{ id: 'kept', value: 'after' }]);
      expect(await store.readLog('log', 0, 10)).toEqual([]);
      await close();
    } finally {
      await close();
      disk.dispose();
    }
  },
);

describe('[S8] a turned bit', () => {
  test('anywhere in the file is named, or nothing that was written is another thing', async () => {
    const store = await open();
    for (let i = 0; i < 60; i++) await store.write([thing(`id-${i}`, `${i} ${'value '.repeat(i)}`)]);
    await store.append('log', ['one', 'two', 'three'], 1000);
    const expected = [await store.read('things'), await store.readLog('log', 0, 10)];
    await close();
    const whole = await readFile(path);
    let named = 0;
    for (let turn = 0; turn < 250; turn++) {
      const bytes = Buffer.from(whole);
      const at = (turn * 7919 + 13) % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (turn % 8));
      await writeFile(path, bytes);
      try {
        const damaged = await open();
        expect([await damaged.read('things'), await damaged.readLog('log', 0, 10)]).toEqual(expected);
      } catch (failure) {
        if (!(failure instanceof StoreRefused) && (failure as { kind?: string }).kind !== 'internal') throw failure;
        expect((failure as Error).message).toContain(path);
        named++;
      }
      await close();
    }
    expect(named).toBeGreaterThan(30);
  }, 200_000);

  test('in a value says which record, and what to do', async () => {
    await (await open()).write([thing('door', 'this is what it says')]);
    await close();
    const bytes = await readFile(path, 'latin1');
    await writeFile(path, bytes.replace('what it says', 'what it Says'), 'latin1');
    await expect(open()).rejects.toThrow(
      `${path} is damaged: the record door of things is not as it was written; put back a backup with "tidewall restore"`,
    );
  });
});

test('somebody else’s database is refused, and left as it is', async () => {
  const other: Migration = { name: 'Other', statements: ['CREATE TABLE theirs (n)'] };
  await open(path, [other]);
  await close();
  const bytes = await readFile(path);
  bytes.writeUInt32BE(0, 68);
  await writeFile(path, bytes);
  await expect(open()).rejects.toThrow('is not a store of Tidewall; move it away');
});

function isPossible(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

function worksUnderStrace(): boolean {
  return isPossible(() => execFileSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' }));
}
