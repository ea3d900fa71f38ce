import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestAuthority, launchBrowser, startTestHost, type TestHost } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tallScreen } from './screens.ts';

/*
 * The pages over HTTP/2, in a real browser that does not know the authority, and by curl, which is told of it.
 */

const WEB = fileURLToPath(new URL('../apps/viewer/dist', import.meta.url));
const authority = createTestAuthority();
let folder: string;
let host: TestHost;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-h2-'));
  const { cert, key } = authority.issue('DNS:localhost', 'IP:127.0.0.1');
  await writeFile(join(folder, 'ca.pem'), authority.ca);
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(join(folder, 'tall.json'), JSON.stringify(tallScreen));
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  host = await startTestHost({ webDir: WEB, settings: { host: '127.0.0.1', screens: folder, tls } });
  browser = await launchBrowser();
  page = await (await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-US' })).newPage();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  await rm(folder, { recursive: true, force: true });
});

const protocols = () =>
  page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map(
      (entry) => (entry as PerformanceResourceTiming).nextHopProtocol,
    ),
  );

test('a screen comes over HTTP/2 with everything that it loads, and is live over a WebSocket beside it', async () => {
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  await page.goto(`${host.url}/s/tall`);
  await host.hub.publish({ id: 'test', roles: [] }, { topic: 'wall/newest', data: { value: 4711 } });
  await expect.poll(() => page.locator('[data-alias="newest"]').innerText()).toContain('4,711');
  expect(new Set(await protocols())).toEqual(new Set(['h2']));
  expect((await protocols()).length).toBeGreaterThan(5);
  expect(sockets).toEqual([`${host.url.replace('https', 'wss')}/ws`]);
});

test('where no WebSocket passes, an EventSource over HTTP/2 follows, and twenty at once do', async () => {
  await page.goto(`${host.url}/`);
  const followed = await page.evaluate(async () => {
    // Over HTTP/1.1 a browser opens six connections to one server, and the seventh stream waits for ever.
    const streams = Array.from({ length: 20 }, () => new EventSource('/sse?topic=wall/many'));
    const heard = streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          stream.onmessage = ({ data }) => JSON.parse(data).d === 'tide' && resolve();
        }),
    );
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.addEventListener('open', resolve))));
    await fetch('/api/topics/wall/many', { method: 'POST', body: '"tide"' });
    await Promise.all(heard);
    for (const stream of streams) stream.close();
    return heard.length;
  });
  expect(followed).toBe(20);
  const metrics = () => page.evaluate(async () => (await fetch('/metrics')).text());
  await expect.poll(metrics).toMatch(/connections\{gateway="sse"\} 0/);
});

test('curl asks and sends over HTTP/2, and is told at once that a body is too large', async () => {
  const curl = (...args: string[]) => {
    const asked = [
      '-sS',
      '--max-time',
      '10',
      '--cacert',
      join(folder, 'ca.pem'),
      '-w',
      ' %{http_version} %{http_code}',
    ];
    return new Promise<string>((resolve) => {
      execFile('curl', [...asked, ...args], (_, stdout, stderr) => resolve(stdout + stderr));
    });
  };
  await writeFile(join(folder, 'large'), 'x'.repeat(3_000_000));
  expect(await curl('--http2', `${host.url}/healthz`)).toMatch(/ 2 200$/);
  expect(await curl('--http1.1', `${host.url}/healthz`)).toMatch(/ 1\.1 200$/);
  expect(await curl('--http2', '-d', '42', `${host.url}/api/topics/a`)).toMatch(/ 2 200$/);
  expect(await curl('--http2', '--data-binary', `@${join(folder, 'large')}`, `${host.url}/api/topics/a`)).toMatch(
    / 2 413$/,
  );
});
