import { launchBrowser, TcpProxy, type TidewallServer } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';
import { freeScreen, tallScreen } from './screens.ts';
import { push, startWall } from './wall-server.ts';

/*
 * A page whose connection goes through a real proxy that is cut and healed while the world goes on. It is never
 * reloaded: a mark on its window proves that.
 */

const CADENCE_MS = 1000;

let browser: Browser;
let wall: TidewallServer;
let proxy: TcpProxy;
let page: Page;

beforeEach(async () => {
  browser = await launchBrowser();
  wall = await startWall(
    {
      // What a restart does to a page whose topics do not survive it is the harder case; the other is in journal.e2e.ts.
      broker: 'memory',
      // A page waits for this and 8 s more before it gives a silent connection up.
      limits: { pingMs: 1000 },
      topics: [
        { pattern: 'wall/log', kind: 'log', keep: { count: 1000 } },
        { pattern: 'wall/newest', kind: 'state', expectEveryMs: CADENCE_MS },
      ],
    },
    [tallScreen, freeScreen],
  );
  proxy = await TcpProxy.start(wall.port);
  ({ page } = await openPage(browser, { width: 900, height: 3600 }));
  await page.goto(`http://localhost:${proxy.port}/s/tall`);
  await page.evaluate(() => {
    (window as { mark?: string }).mark = 'never reloaded';
  });
  await both('start', 0);
  await expect.poll(() => shown()).toContain('start 0');
});

afterEach(async () => {
  await browser?.close();
  await proxy?.close();
  await wall?.close();
});

/** One log entry and one state, as one step of the world. */
async function both(text: string, n: number): Promise<void> {
  await push(wall.url, 'wall/log', { id: `${text} ${n}`, text: `${text} ${n}` });
  await push(wall.url, 'wall/newest', { value: n });
}

const shown = () => page.locator('[data-alias="feed"]').innerText();
const newest = () => page.locator('[data-alias="newest"]').innerText();
const state = () => page.locator('[data-alias="newest"]').getAttribute('data-state');
const mark = () => page.evaluate(() => (window as { mark?: string }).mark);

test('a connection that is cut for 5 s loses nothing: every entry, the newest state, and the badge tells', async () => {
  const states = new Set<string | null>();
  const cutAt = performance.now();
  proxy.cut();
  for (let n = 1; n <= 200; n++) {
    await both('entry', n);
    // Spread over the five seconds that the connection is away.
    const due = cutAt + n * 25;
    while (performance.now() < due) states.add(await state());
  }
  expect(await shown()).not.toContain('entry');
  await keepPicture(page, 'cut');
  states.add(await state());
  expect([...states].some((one) => one === 'late' || one === 'stale')).toBe(true);

  proxy.heal();
  await expect.poll(() => shown(), { timeout: 30_000 }).toContain('entry 200');
  const entries = [...(await shown()).matchAll(/entry (\d+)/g)].map((match) => Number(match[1]));
  expect(entries.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  await expect.poll(() => newest()).toContain('200');
  await push(wall.url, 'wall/newest', { value: 201 });
  await expect.poll(() => state()).toBe('ok');
  await keepPicture(page, 'healed');
  expect(await mark()).toBe('never reloaded');
});

test('a connection that goes silent without closing is given up and replaced', async () => {
  const before = proxy.accepted;
  proxy.stall();
  await both('behind', 1);
  await expect.poll(() => state(), { timeout: 20_000 }).toMatch(/late|stale/);
  // Nothing closes it: only the missing heartbeat can tell the page.
  await expect.poll(() => proxy.accepted, { timeout: 40_000 }).toBeGreaterThan(before);
  proxy.heal();
  await expect.poll(() => shown(), { timeout: 30_000 }).toContain('behind 1');
  await expect.poll(() => newest()).toContain('1');
  expect(await mark()).toBe('never reloaded');
});

test('kill -9 with topics that no configuration speaks of: nothing dead stays on the glass, and pushes go on', async () => {
  const series = (value: number) => push(wall.url, 'free/stream', { t: Date.now(), v: value }, '?kind=series');
  const log = (text: string) => push(wall.url, 'free/log', { id: text, text }, '?kind=log');
  const look = (alias: string) => page.locator(`[data-alias="${alias}"]`);
  // The page is there first: it must not settle what the topics are.
  await page.goto(`http://localhost:${proxy.port}/s/free`);
  await page.evaluate(() => {
    (window as { mark?: string }).mark = 'never reloaded';
  });
  await expect.poll(() => look('answer').getAttribute('data-state')).toBe('waiting');
  for (const response of [await series(1), await log('first'), await push(wall.url, 'free/answer', { value: 41 })]) {
    expect(response.status).toBe(200);
  }
  await expect.poll(() => look('feed').innerText(), { timeout: 20_000 }).toContain('first');
  await expect.poll(() => look('stream').getAttribute('data-state')).toBe('quiet');
  await expect.poll(() => look('answer').innerText()).toContain('41');

  await wall.restart('SIGKILL');
  await expect.poll(() => look('answer').getAttribute('data-state'), { timeout: 40_000 }).toBe('waiting');
  await expect.poll(() => look('answer').innerText()).not.toContain('41');
  expect(await look('feed').innerText()).not.toContain('first');

  for (const response of [await series(2), await log('second'), await push(wall.url, 'free/answer', { value: 42 })]) {
    expect(response.status).toBe(200);
  }
  await expect.poll(() => look('feed').innerText(), { timeout: 20_000 }).toContain('second');
  await expect.poll(() => look('stream').getAttribute('data-state')).toBe('quiet');
  await expect.poll(() => look('answer').innerText()).toContain('42');
  expect(await mark()).toBe('never reloaded');
});

test('kill -9 and a new start: the page recovers by itself, without a reload', async () => {
  await both('before', 1);
  await expect.poll(() => shown()).toContain('before 1');
  await wall.restart('SIGKILL');
  await both('after', 2);
  await expect.poll(() => shown(), { timeout: 40_000 }).toContain('after 2');
  await expect.poll(() => newest()).toContain('2');
  // The new process has a new epoch: what the old one told is void, not mixed in.
  expect(await shown()).not.toContain('before 1');
  expect(await mark()).toBe('never reloaded');
});
