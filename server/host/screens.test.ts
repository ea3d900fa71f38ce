import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { CountingMeter } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openScreens, type Screens } from './screens.ts';
import { testScreen } from './test-screen.ts';

let demo: string;
let own: string;
let warnings: string[];
let screens: Screens | undefined;

beforeEach(async () => {
  demo = await mkdtemp(join(tmpdir(), 'tidewall-demo-'));
  own = await mkdtemp(join(tmpdir(), 'tidewall-own-'));
  warnings = [];
});

afterEach(async () => {
  screens?.dispose();
  for (const folder of [demo, own]) await rm(folder, { recursive: true, force: true });
});

const log: Log = {
  debug() {},
  info() {},
  error() {},
  warn: (fields, message) => void warnings.push(`${'file' in fields ? String(fields.file) : ''}: ${message}`),
};

const write = (folder: string, name: string, document: unknown) =>
  writeFile(join(folder, name), typeof document === 'string' ? document : JSON.stringify(document));

async function open(): Promise<Screens> {
  screens = await openScreens({ folders: [demo, own], clock: systemClock, log, meter: new CountingMeter() });
  return screens;
}

test("one's own screen replaces its namesake of the demo", async () => {
  await write(demo, 'hall.json', testScreen('hall'));
  await write(demo, 'shop.json', testScreen('shop'));
  await write(own, 'other-name.json', { ...testScreen('hall'), theme: 'jade' });
  const { list, get } = await open().then((opened) => ({ list: opened.list(), get: opened.get('hall') }));
  expect(list.map(({ screen }) => screen.id)).toEqual(['hall', 'shop']);
  expect(get?.screen.theme).toBe('jade');
});

test('a file that is wrong is named with its place, and the others are shown', async () => {
  await write(own, 'bad.json', { ...testScreen('bad'), canvas: { width: 4, height: 1080 } });
  await write(own, 'good.json', testScreen('good'));
  const opened = await open();
  expect(opened.list().map(({ screen }) => screen.id)).toEqual(['good']);
  expect(warnings).toEqual([
    `${join(own, 'bad.json')}: this screen is not used: canvas.width must be at least 16, got 4`,
  ]);
});

test('a file that turns wrong keeps its last good reading, until it is right again or gone', async () => {
  await write(own, 'hall.json', testScreen('hall'));
  const opened = await open();
  await write(own, 'hall.json', '{"half');
  await opened.reload();
  expect(opened.get('hall')).toBeDefined();
  expect(warnings[0]).toMatch(/this screen is not used: .*; the last good one stays$/);
  await opened.reload();
  expect(warnings).toHaveLength(1);
  await write(own, 'hall.json', { ...testScreen('hall'), theme: 'amber' });
  await opened.reload();
  expect(opened.get('hall')?.screen.theme).toBe('amber');
  await rm(join(own, 'hall.json'));
  await opened.reload();
  expect(opened.get('hall')).toBeUndefined();
});

test('two files with one id: the first by name counts, and the log says so', async () => {
  await write(own, 'a.json', { ...testScreen('hall'), theme: 'jade' });
  await write(own, 'b.json', { ...testScreen('hall'), theme: 'amber' });
  expect((await open()).get('hall')?.screen.theme).toBe('jade');
  expect(warnings).toEqual([`${join(own, 'b.json')}: another file in the folder has the same screen id`]);
});

test('a file that is written, or moved in as editors do, is seen without a restart', async () => {
  const opened = await open();
  await write(own, 'hall.json', testScreen('hall'));
  await vi.waitFor(() => expect(opened.get('hall')).toBeDefined(), { timeout: 10_000 });
  await write(own, 'hall.tmp', { ...testScreen('hall'), theme: 'jade' });
  await rename(join(own, 'hall.tmp'), join(own, 'hall.json'));
  await vi.waitFor(() => expect(opened.get('hall')?.screen.theme).toBe('jade'), { timeout: 10_000 });
});
