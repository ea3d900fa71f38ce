import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCopyFolder, removeLeftCopies } from './copy-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidewall-copies-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The number of a process that was killed. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('what a killed server left is removed; what is of one that runs, of another machine, or not of that kind stays', async () => {
  const own = basename(await makeCopyFolder(root));
  const dead = own.replace(`-${process.pid}-`, `-${await deadPid()}-`);
  const elsewhere = dead.replace('tidewall-csv-', 'tidewall-csv-other.');
  for (const name of [dead, elsewhere, 'tidewall-csv-notes']) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'rows.csv'), '1\n');
  }
  await removeLeftCopies(root);
  expect((await readdir(root)).sort()).toEqual([own, elsewhere, 'tidewall-csv-notes'].sort());
});

test('a folder that is not there is nothing to be cleaned', async () => {
  await expect(removeLeftCopies(join(root, 'none'))).resolves.toBeUndefined();
});
