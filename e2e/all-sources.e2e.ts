import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';

const SCRIPT = fileURLToPath(new URL('../examples/all-sources/run.mjs', import.meta.url));
/** What a server that is not installed here is called in its script, and the tile that it feeds. */
const TILES: Readonly<Record<string, string>> = {
  initdb: 'sql',
  postgres: 'sql',
  psql: 'sql',
  prometheus: 'prometheus',
  'redis-server': 'redis',
  'redis-cli': 'redis',
  mosquitto: 'mqtt',
  mosquitto_pub: 'mqtt',
  'nats-server': 'nats',
  'python3-flask-socketio': 'socket-io',
};
const ALL = 'csv generator host http ingest mqtt nats process prometheus redis socket-io sql sse tcv websocket'.split(
  ' ',
);

let browser: Browser;
let script: ChildProcess;
let said = '';

beforeAll(async () => {
  browser = await launchBrowser();
  script = spawn(process.execPath, [SCRIPT], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [script.stdout, script.stderr]) stream?.on('data', (bytes) => (said += String(bytes)));
});

afterAll(async () => {
  await browser?.close();
  if (script.exitCode !== null || script.signalCode !== null) return;
  const ended = once(script, 'exit');
  script.kill('SIGTERM');
  await ended;
});

/** By alias: whether a tile shows fresh data that fits. */
async function alive(page: Page): Promise<readonly string[]> {
  const tiles = await page.$$eval('[data-element]', (elements) =>
    elements.map((element) => {
      const { alias = '', state = '' } = (element as HTMLElement).dataset;
      return { alias, state, text: (element as HTMLElement).innerText };
    }),
  );
  const waits = /Waiting for data|No data|does not fit/;
  return tiles
    .filter(({ alias, state, text }) => alias !== '' && ['ok', 'quiet'].includes(state) && !waits.test(text))
    .map(({ alias }) => alias)
    .sort();
}

test('a tile for each way in is alive, each driven by a real server', { timeout: 180_000 }, async () => {
  await expect.poll(() => said, { timeout: 90_000 }).toMatch(/^open (\S+)$/m);
  const url = /^open (\S+)$/m.exec(said)?.[1] ?? '';
  const absent = /^not installed.*: (.*)$/m.exec(said)?.[1]?.split(', ') ?? [];
  const left = new Set(absent.map((program) => TILES[program]));
  const { page, faults } = await openPage(browser);
  await page.goto(url);
  const expected = ALL.filter((alias) => !left.has(alias));
  await expect.poll(() => alive(page), { timeout: 60_000 }).toEqual(expect.arrayContaining(expected));
  await keepPicture(page, 'all-sources-1920');
  expect(faults).toEqual([]);

  const { sources } = (await (await fetch(new URL('/api/sources', url))).json()) as {
    sources: { name: string; state: string; reason?: string }[];
  };
  const bad = sources.filter(({ state }) => state === 'failed').map(({ name, reason }) => `${name}: ${reason}`);
  expect(bad).toHaveLength(absent.length === 0 ? 0 : bad.length);
  await page.close();
});
