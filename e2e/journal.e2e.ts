import { launchBrowser, type TidewallServer } from '@tidewall/testkit';
import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPage } from './browser.ts';
import { tallScreen } from './screens.ts';
import { push, startWall } from './wall-server.ts';

/* A page whose server is killed and comes back with everything that it had. */

const SETTINGS = { topics: [{ pattern: 'wall/log', kind: 'log', keep: { count: 1000 } }] };

let browser: Browser;
let wall: TidewallServer;

beforeEach(async () => {
  browser = await launchBrowser();
  wall = await startWall(SETTINGS, [tallScreen]);
});

afterEach(async () => {
  await browser?.close();
  await wall?.close();
});

test('kill -9 and a new start: the page keeps every entry and goes on after them, without a reload', async () => {
  const { page } = await openPage(browser, { width: 900, height: 3600 });
  await page.goto(`${wall.url}/s/tall`);
  await page.evaluate(() => {
    (window as { mark?: string }).mark = 'never reloaded';
  });
  const entry = (n: number) => push(wall.url, 'wall/log', { id: `entry ${n}`, text: `entry ${n}` });
  const newest = (value: number) => push(wall.url, 'wall/newest', { value });
  const shown = () => page.locator('[data-alias="feed"]').innerText();
  for (let n = 1; n <= 20; n++) await entry(n);
  await newest(41);
  await expect.poll(() => shown()).toContain('entry 20');

  const before = (await (await push(wall.url, 'wall/log', { id: 'entry 21', text: 'entry 21' })).json()) as object;
  await wall.restart('SIGKILL');
  // Before anything is published again, a page that comes new has it all.
  const late = await openPage(browser, { width: 900, height: 3600 });
  await late.page.goto(`${wall.url}/s/tall`);
  await expect.poll(() => late.page.locator('[data-alias="newest"]').innerText()).toContain('41');
  await expect.poll(() => late.page.locator('[data-alias="feed"]').innerText()).toContain('entry 21');

  expect(await (await entry(22)).json()).toEqual({ ...before, offset: 22 });
  await expect.poll(() => shown(), { timeout: 40_000 }).toContain('entry 22');
  const entries = [...(await shown()).matchAll(/entry (\d+)/g)].map((match) => Number(match[1]));
  expect(entries.sort((a, b) => a - b)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
  expect(await page.evaluate(() => (window as { mark?: string }).mark)).toBe('never reloaded');
}, 120_000);
