import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { READER_PROGRAM } from './reader-program.ts';
import { writeSqlite } from './write-sqlite.contract.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-orphan-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts a reader, asks it what never ends, and waits to be killed. */
const MASTER = `
const { spawn } = require('node:child_process');
const [program, library, path] = process.argv.slice(1);
const reader = spawn(process.execPath, ['--no-warnings', '-e', program, library], {
  stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced', env: {},
});
const text = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
reader.send({ path, text, values: [], maxRows: 1, maxBytes: 100 }, () => process.stdout.write(String(reader.pid)));
`;

test('a statement that never ends does not outlive a server that was killed', async () => {
  const path = join(folder, 'a.db');
  writeSqlite(path, 'CREATE TABLE t (i)');
  const library = import.meta.resolve('@photostructure/sqlite');
  const master = spawn(process.execPath, ['-e', MASTER, READER_PROGRAM, library, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [bytes] = (await once(master.stdout, 'data')) as [Buffer];
  const pid = Number(String(bytes));
  expect(isAlive(pid)).toBe(true);
  master.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
