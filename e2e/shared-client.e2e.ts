import { launchBrowser, startTestHost, type TestHost } from '@tidewall/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {} from './shared-client/page.ts';

const PUBLISHER = { id: 'test', roles: [] };
const PATIENCE = { timeout: 20_000, interval: 20 };

let pages: ViteDevServer;
let browser: Browser;
let context: BrowserContext;
let host: TestHost;

beforeAll(async () => {
  pages = await createServer({
    root: new URL('./shared-client/', import.meta.url).pathname,
    configFile: false,
    logLevel: 'silent',
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  await pages.listen();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

beforeEach(async () => {
  const { origin } = new URL(pages.resolvedUrls?.local[0] ?? '');
  host = await startTestHost({ settings: { allowedOrigins: [origin], limits: { lingerMs: 0 } } });
  context = await browser.newContext();
});

afterEach(async () => {
  await context.close();
  await host.close();
});

async function openTab(more = ''): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${pages.resolvedUrls?.local[0]}?server=${encodeURIComponent(host.url)}${more}`);
  await page.waitForFunction(() => window.client?.status.type === 'live');
  return page;
}

async function sessions(): Promise<number> {
  const text = await (await fetch(`${host.url}/metrics`)).text();
  return Number(/^tidewall_sessions (\d+)/m.exec(text)?.[1]);
}

const publish = (topic: string, kind: 'state' | 'log', data: number) =>
  host.hub.publish(PUBLISHER, { topic, kind, data });
const watchers = (topic: string) => host.hub.topics(PUBLISHER).find((row) => row.topic === topic)?.watchers ?? 0;
const state = (page: Page) => page.evaluate(() => window.state);
const entries = (page: Page) => page.evaluate(() => window.entries);

describe('tabs of one origin', () => {
  test('[C44] share one connection, and each is told everything once and in order', async () => {
    const tabs = [await openTab(), await openTab(), await openTab()];
    await expect.poll(() => watchers('shared/log'), PATIENCE).toBeGreaterThan(0);
    for (let i = 1; i <= 50; i++) {
      await publish('shared/state', 'state', i);
      await publish('shared/log', 'log', i);
    }
    const all = Array.from({ length: 50 }, (_, i) => i + 1);
    for (const tab of tabs) {
      await expect.poll(() => state(tab), PATIENCE).toBe(50);
      await expect.poll(() => entries(tab), PATIENCE).toEqual(all);
    }
    expect(await sessions()).toBe(1);
  });

  test('publish and ask through the one that leads', async () => {
    await openTab();
    const follower = await openTab();
    const position = await follower.evaluate(() => window.client.publish('shared/log', { n: 7 }, { kind: 'log' }));
    expect(position.offset).toBe(1);
    const page = await follower.evaluate(() => window.client.history('shared/log', {}));
    expect(page.entries).toMatchObject([{ d: { n: 7 } }]);
    const refused = await follower.evaluate(() =>
      window.client.publish('not a topic', 1).catch((error: { kind: string }) => error.kind),
    );
    expect(refused).toBe('bad_request');
    expect(await sessions()).toBe(1);
  });

  test('ask the one that leads with what a framework has wrapped, which no channel can clone', async () => {
    await openTab();
    const follower = await openTab();
    await expect.poll(() => watchers('shared/state'), PATIENCE).toBe(1);
    await follower.evaluate(async () => {
      const wrapped = <T extends object>(value: T) => new Proxy(value, {});
      const { client } = window;
      client.follow('shared/wrapped', wrapped({ kind: 'state', fields: wrapped(['n']) }), (replica) => {
        Object.assign(window, { state: replica.value() });
      });
      await client.publish(
        'shared/wrapped',
        wrapped({ n: wrapped([1]), other: 2 }),
        wrapped({ kind: 'state' as const }),
      );
      await client.history('shared/wrapped', wrapped({ limit: 1 }));
      // Given as nothing at all, and not as null.
      await client.publish('shared/wrapped', { n: 3, other: 4 }, undefined);
    });
    await expect.poll(() => state(follower), PATIENCE).toEqual({ n: 3 });
    expect(await sessions()).toBe(1);
  });

  test('[C44] go on when the one that leads is closed: another connects, for all of them', async () => {
    const leader = await openTab();
    const others = [await openTab(), await openTab()];
    await publish('shared/state', 'state', 1);
    for (let i = 1; i <= 5; i++) await publish('shared/log', 'log', i);
    for (const tab of others) await expect.poll(() => state(tab), PATIENCE).toBe(1);
    for (const tab of others) await expect.poll(() => entries(tab), PATIENCE).toEqual([1, 2, 3, 4, 5]);
    await leader.close();
    for (let i = 6; i <= 9; i++) await publish('shared/log', 'log', i);
    await expect.poll(() => watchers('shared/state'), PATIENCE).toBeGreaterThan(0);
    await publish('shared/state', 'state', 2);
    for (const tab of others) await expect.poll(() => state(tab), PATIENCE).toBe(2);
    for (const tab of others) await expect.poll(() => entries(tab), PATIENCE).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await expect.poll(sessions, PATIENCE).toBe(1);
    const answer = await (others[1] as Page).evaluate(() => window.client.publish('shared/state', 3));
    expect(answer.offset).toBe(3);
  });

  test('that are gone without a word are followed for no more', async () => {
    const leader = await openTab();
    const follower = await openTab();
    await follower.evaluate(() => void window.client.follow('shared/other', { kind: 'state' }, () => {}));
    await publish('shared/other', 'state', 1);
    await expect.poll(() => watchers('shared/other'), PATIENCE).toBe(1);
    await follower.close();
    await expect.poll(() => watchers('shared/other'), PATIENCE).toBe(0);
    await publish('shared/state', 'state', 4);
    await expect.poll(() => state(leader), PATIENCE).toBe(4);
  });

  test('see the link break and come back', async () => {
    await openTab();
    const follower = await openTab();
    const { port } = host;
    await host.close();
    await expect.poll(() => follower.evaluate(() => window.client.status.type), PATIENCE).not.toBe('live');
    host = await startTestHost({ settings: { port, allowedOrigins: ['*'] } });
    await publish('shared/state', 'state', 9);
    await expect.poll(() => state(follower), PATIENCE).toBe(9);
    expect(await follower.evaluate(() => window.client.status.type)).toBe('live');
  });

  test('have a connection each where the platform cannot share', async () => {
    const tabs = [await openTab('&alone'), await openTab('&alone')];
    await publish('shared/state', 'state', 5);
    for (const tab of tabs) await expect.poll(() => state(tab), PATIENCE).toBe(5);
    expect(await sessions()).toBe(2);
  });
});
