import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { systemClock } from '@tidewall/base';
import { ScriptSandbox } from '@tidewall/sandbox';
import { CountingMeter, silentLog } from '@tidewall/testkit';
import { afterAll, expect, test } from 'vitest';

const BUILT = fileURLToPath(new URL('dist/sandbox-worker.mjs', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'tidewall-sandbox-'));
afterAll(() => rm(folder, { recursive: true }));

test('[X10] the worker of the product runs alone in an empty folder', async () => {
  const alone = join(folder, 'sandbox-worker.mjs');
  await copyFile(BUILT, alone);
  const worker = { file: pathToFileURL(alone) };
  const host = new ScriptSandbox({ clock: systemClock, log: silentLog, meter: new CountingMeter(), worker });
  try {
    const sandbox = host.of('a');
    expect(await sandbox.script('return data.map((v) => v * 2)', [1, 2])).toEqual([2, 4]);
    expect(await sandbox.jsonata('$sum($)', [1, 2])).toBe(3);
    await expect(sandbox.script('for (;;);', null)).rejects.toThrow('takes longer than 200 ms');
    await expect(sandbox.script('return new Array(2 ** 32 - 1).join("")', null)).rejects.toThrow('was ended');
    expect(await sandbox.script('return 1', null)).toBe(1);
  } finally {
    await host.close();
  }
});

test('[X10] the worker of the product names no package', async () => {
  const named = [...(await readFile(BUILT, 'utf8')).matchAll(/^import .* from "([^"]+)"/gm)].map(([, name]) => name);
  expect(named.filter((name) => !name?.startsWith('node:'))).toEqual([]);
});
