import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, startTestHost, type TestHost } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

/* Networks that let no WebSocket pass, and some that let no stream pass either. */

let webDir: string;
let browser: Browser;
let host: TestHost;

beforeAll(async () => {
  webDir = await mkdtemp(join(tmpdir(), 'tidewall-viewer-'));
  await build({
    configFile: join(import.meta.dirname, 'vite.config.ts'),
    root: import.meta.dirname,
    logLevel: 'error',
    build: { outDir: webDir, emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await rm(webDir, { recursive: true, force: true });
});

beforeEach(async () => {
  host = await startTestHost({ webDir });
});
afterEach(() => host.close());

async function connections(gateway: string): Promise<number> {
  const text = await (await fetch(`${host.url}/metrics`)).text();
  return Number(new RegExp(`tidewall_gateway_connections\\{gateway="${gateway}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

/** A page in a network that lets some of it pass, and the paths that it asks for. */
async function openPage(blocked: readonly string[]): Promise<{ page: Page; asked: string[] }> {
  const page = await (await browser.newContext()).newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  if (blocked.includes('sse')) await page.route('**/sse', (route) => route.abort());
  await page.addInitScript((no: boolean) => {
    if (!no) return;
    // A proxy that does not know WebSocket answers the handshake with an error.
    class Refused {
      onerror: (() => void) | null = null;
      onclose: ((event: { code: number }) => void) | null = null;
      constructor() {
        document.documentElement.dataset['refused'] = 'once';
        setTimeout(() => {
          this.onerror?.();
          this.onclose?.({ code: 1006 });
        });
      }
      send() {}
      close() {}
    }
    Object.assign(window, { WebSocket: Refused });
  }, blocked.includes('ws'));
  await page.goto(host.url);
  return { page, asked };
}

test.each([
  { gateway: 'websocket', blocked: [], loads: 0 },
  { gateway: 'sse', blocked: ['ws'], loads: 1 },
  { gateway: 'poll', blocked: ['ws', 'sse'], loads: 2 },
])('with $blocked blocked the viewer is live over $gateway', async ({ gateway, blocked, loads }) => {
  const { page, asked } = await openPage(blocked);
  await expect.poll(() => connections(gateway), { timeout: 30_000 }).toBe(1);
  const chunks = asked.filter((path) => /\/assets\/client-(?!end)[\w-]+\.js$/.test(path));
  expect(chunks).toHaveLength(loads);
  await page.context().close();
});

test('[C10] a page that is loaded again begins with the transport that worked', async () => {
  const { page, asked } = await openPage(['ws', 'sse']);
  await expect.poll(() => connections('poll'), { timeout: 30_000 }).toBe(1);
  expect(asked).toContain('/sse');
  const refused = () => page.evaluate(() => document.documentElement.dataset['refused']);
  expect(await refused()).toBe('once');
  asked.length = 0;
  await page.reload();
  await expect.poll(() => asked.filter((path) => path === '/poll').length, { timeout: 30_000 }).toBeGreaterThan(1);
  expect(asked).not.toContain('/sse');
  expect(await refused()).toBeUndefined();
  await page.context().close();
});
