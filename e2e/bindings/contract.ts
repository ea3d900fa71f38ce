import { launchBrowser, startTestHost, type TestHost } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

export interface BindingsPage {
  /** The folder of the page, which has a wall with `.figure`, whose renders `data-renders` of the body counts, `#status`, `#city` and the buttons below. */
  readonly root: string;
  /** Packages that the page's server makes modules of first. */
  readonly include: readonly string[];
}

const PUBLISHER = { id: 'test', roles: [] };

/** What the bindings of every view framework are held to, in a real browser and against a real server. */
export function bindingsContract({ root, include }: BindingsPage): void {
  let pages: ViteDevServer;
  let browser: Browser;
  let host: TestHost;
  let page: Page;
  let failures: string[];

  beforeAll(async () => {
    pages = await createServer({
      root,
      configFile: false,
      logLevel: 'silent',
      server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
      optimizeDeps: { noDiscovery: true, include: [...include] },
    });
    await pages.listen();
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await pages?.close();
  });

  beforeEach(async () => {
    const address = pages.resolvedUrls?.local[0] ?? '';
    host = await startTestHost({ settings: { allowedOrigins: [new URL(address).origin], limits: { lingerMs: 0 } } });
    page = await (await browser.newContext()).newPage();
    failures = [];
    page.on('pageerror', (failure) => failures.push(failure.message));
    await page.goto(`${address}?server=${encodeURIComponent(host.url)}`);
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'live');
  });

  afterEach(async () => {
    expect(failures).toEqual([]);
    await page.context().close();
    await host.close();
  });

  const publish = (topic: string, data: number) => host.hub.publish(PUBLISHER, { topic, data });
  const shows = (selector: string, text: string) =>
    page.waitForFunction(
      ([where, what]) => document.querySelector(where as string)?.textContent === what,
      [selector, text],
    );
  const watchers = (topic: string) => host.hub.topics(PUBLISHER).find((row) => row.topic === topic)?.watchers ?? 0;

  test('what is published is shown, and the link with it', async () => {
    await shows('.figure', 'nothing');
    await publish('shop/sales', 7);
    await shows('.figure', '7');
    await publish('shop/sales', 8);
    await shows('.figure', '8');
  });

  test('another topic is followed in place of the first one, and none when the view is gone', async () => {
    await publish('shop/sales', 1);
    await publish('shop/visitors', 2);
    await shows('.figure', '1');
    await page.click('#other');
    await shows('.figure', '2');
    await expect.poll(() => [watchers('shop/sales'), watchers('shop/visitors')]).toEqual([0, 1]);
    await page.click('#hide');
    await expect.poll(() => watchers('shop/visitors')).toBe(0);
    await page.click('#hide');
    await publish('shop/visitors', 3);
    await shows('.figure', '3');
  });

  test('a burst is rendered a few times, and its last value is shown', async () => {
    await publish('shop/sales', 0);
    await shows('.figure', '0');
    const before = Number(await page.evaluate(() => document.body.dataset['renders'] ?? 0));
    for (let i = 1; i <= 500; i++) await publish('shop/sales', i);
    await shows('.figure', '500');
    const after = Number(await page.evaluate(() => document.body.dataset['renders'] ?? 0));
    expect(after).toBeGreaterThan(before);
    expect(after - before).toBeLessThan(250);
  });

  test('a variable is set for everybody, and taken away', async () => {
    await shows('#city', 'nowhere');
    await page.click('#set');
    await shows('#city', '上海');
    const { json } = await host.hub.snapshot(PUBLISHER, 'screens/hall/variables');
    expect(JSON.parse(json ?? '')).toEqual({ city: '上海' });
    await page.click('#clear');
    await shows('#city', 'nowhere');
  });

  test('the link that breaks is shown, and comes back by itself', async () => {
    await publish('shop/sales', 5);
    await shows('.figure', '5');
    const { port } = host;
    await host.close();
    await page.waitForFunction(() => document.querySelector('#status')?.textContent !== 'live');
    await shows('.figure', '5');
    host = await startTestHost({ settings: { port, allowedOrigins: ['*'] } });
    await publish('shop/sales', 6);
    await shows('#status', 'live');
    await shows('.figure', '6');
  });
}
