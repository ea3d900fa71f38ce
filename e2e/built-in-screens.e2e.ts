import { totalmem } from 'node:os';
import { launchBrowser, startTidewall, type TidewallServer } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';
import { pushedScreen } from './screens.ts';
import { push, startWall } from './wall-server.ts';

let browser: Browser;
let server: TidewallServer;

beforeAll(async () => {
  browser = await launchBrowser();
  server = await startTidewall();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Elements that follow a topic and are not alive. */
const notAlive = (page: Page) =>
  page.$$eval('[data-element]', (elements) =>
    elements.flatMap((element) => {
      const { type = '', state = '', alias = '' } = (element as HTMLElement).dataset;
      return ['TextTitle', 'TimeClock'].includes(type) || ['ok', 'quiet'].includes(state)
        ? []
        : [`${type} ${alias} ${state}`];
    }),
  );

async function untilAlive(page: Page): Promise<void> {
  await page.waitForSelector('[data-element]');
  await expect.poll(() => notAlive(page), { timeout: 30_000 }).toEqual([]);
}

describe('This machine', () => {
  test('shows this machine’s real numbers, and they move', async () => {
    const { page, faults } = await openPage(browser);
    await page.goto(`${server.url}/s/this-machine`);
    await untilAlive(page);
    const texts = () =>
      page.$$eval('[data-type="CardStat"]', (cards) => cards.map((card) => (card as HTMLElement).innerText));
    const before = (await texts()).join();
    await expect.poll(async () => (await texts()).join() !== before, { timeout: 15_000 }).toBe(true);

    const memory = (await (await fetch(`${server.url}/api/topics/host/memory`)).json()) as {
      data: { totalBytes: number };
    };
    // os.totalmem and /proc/meminfo say the same thing of the same machine.
    expect(Math.abs(memory.data.totalBytes - totalmem()) / totalmem()).toBeLessThan(0.02);
    const now = (await (await fetch(`${server.url}/api/topics/host/now`)).json()) as {
      data: { cpuPercent: number; cores: number };
    };
    expect(now.data.cpuPercent).toBeGreaterThanOrEqual(0);
    expect(now.data.cpuPercent).toBeLessThanOrEqual(100);
    await keepPicture(page, 'this-machine-1920');
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the source stops when the last watcher has left', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${server.url}/s/this-machine`);
    await untilAlive(page);
    await page.close();
    const offset = async () =>
      ((await (await fetch(`${server.url}/api/topics/host/now`)).json()) as { offset: number }).offset;
    const state = async () =>
      (
        (await (await fetch(`${server.url}/api/sources`)).json()) as { sources: { name: string; state: string }[] }
      ).sources.find((source) => source.name === 'host')?.state;
    // It lingers for ten seconds, in case the page is only being reloaded.
    await expect.poll(state, { timeout: 30_000, interval: 500 }).toBe('idle');
    const stopped = await offset();
    expect(stopped).toBeGreaterThan(0);
    const { page: again } = await openPage(browser);
    await again.goto(`${server.url}/s/this-machine`);
    await expect.poll(offset, { timeout: 15_000 }).toBeGreaterThan(stopped);
    await again.close();
  });
});

test('Live shop is alive on every element', async () => {
  const { page, faults } = await openPage(browser);
  await page.goto(`${server.url}/s/live-shop`);
  await untilAlive(page);
  await keepPicture(page, 'live-shop-1920');
  expect(faults).toEqual([]);
  await page.close();
});

test('the first page lists the screens with live thumbnails that lead to them', async () => {
  const { page, faults } = await openPage(browser);
  await page.goto(server.url);
  await expect.poll(() => page.$$eval('a[href*="/s/"]', (links) => links.length)).toBeGreaterThanOrEqual(2);
  await expect
    .poll(() => page.$$eval('[data-element][data-state="ok"]', (all) => all.length), { timeout: 30_000 })
    .toBeGreaterThan(10);
  await keepPicture(page, 'home-1920');
  await page.click('a[href*="/s/this-machine"]');
  await untilAlive(page);
  expect(new URL(page.url()).pathname).toBe('/s/this-machine');
  expect(faults).toEqual([]);
  await page.close();
});

test('a screen id that does not exist is a page that helps', async () => {
  const { page } = await openPage(browser, { width: 1366, height: 768 });
  const response = await page.goto(`${server.url}/s/no-such-wall`);
  expect(response?.status()).toBe(404);
  await page.waitForSelector('a[href*="/s/this-machine"]');
  const text = await page.innerText('body');
  expect(text).toContain('no-such-wall');
  expect(text).toContain('data/screens/no-such-wall.json');
  await keepPicture(page, 'unknown-screen');
  await page.close();
});

describe('every window', () => {
  test.each([
    [1366, 768, 1],
    [3840, 2160, 1],
    [1080, 1920, 1],
    [1280, 720, 2],
  ])('%i × %i at %i× is drawn at real pixels, without blur', async (width, height, deviceScaleFactor) => {
    const { page } = await openPage(browser, { width, height, deviceScaleFactor });
    await page.goto(`${server.url}/s/this-machine`);
    await untilAlive(page);
    await keepPicture(page, `this-machine-${width}x${height}@${deviceScaleFactor}`);
    const drawn = await page.evaluate(() => {
      const rough: string[] = [];
      for (const canvas of document.querySelectorAll('canvas')) {
        const box = canvas.getBoundingClientRect();
        if (box.width === 0) continue;
        const ratio = canvas.width / box.width / devicePixelRatio;
        if (Math.abs(ratio - 1) > 0.02) rough.push(`canvas ${canvas.width} for ${box.width} CSS pixels`);
      }
      for (const element of document.querySelectorAll<HTMLElement>('[data-element]')) {
        for (let at: HTMLElement | null = element; at; at = at.parentElement) {
          if (getComputedStyle(at).transform !== 'none') rough.push(`${element.dataset['element']} is transformed`);
        }
      }
      const boxes = [...document.querySelectorAll('[data-element]')].map((element) => element.getBoundingClientRect());
      const outside = boxes.filter(
        (box) => box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1 || box.top < -1,
      );
      return { canvases: document.querySelectorAll('canvas').length, rough, outside: outside.length };
    });
    expect(drawn.canvases).toBeGreaterThan(2);
    expect(drawn.rough).toEqual([]);
    expect(drawn.outside).toBe(0);
    await page.close();
  });
});

describe('the weight of a page', () => {
  /** Bytes of JavaScript on the wire, as the server sends them to a browser that takes compression. */
  async function scriptBytes(url: string, ready: (page: Page) => Promise<void>): Promise<number> {
    const { page } = await openPage(browser);
    const scripts: Promise<number>[] = [];
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script')
        scripts.push(
          response
            .request()
            .sizes()
            .then((sizes) => sizes.responseBodySize),
        );
    });
    await page.goto(url);
    await ready(page);
    const sizes = await Promise.all(scripts);
    await page.close();
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  test('a screen with both chart libraries takes at most 450 KB of JavaScript', async () => {
    const bytes = await scriptBytes(`${server.url}/s/this-machine`, untilAlive);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(450_000);
  });

  test('a screen with a column chart and a number takes at most 300 KB', async () => {
    const wall = await startWall({}, [pushedScreen]);
    try {
      const bytes = await scriptBytes(`${wall.url}/s/pushed`, async (page) => {
        await page.waitForSelector('[data-alias="sales"]');
        await push(wall.url, 'screens/pushed/elements/sales', [{ x: 'a', y: 1 }]);
        await page.waitForSelector('[data-alias="sales"][data-state="quiet"] canvas');
      });
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThanOrEqual(300_000);
    } finally {
      await wall.close();
    }
  });
});
