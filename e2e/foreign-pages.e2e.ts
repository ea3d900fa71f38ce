import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { HubPort } from '@tidewall/contracts';
import { freePort, launchBrowser, startTestHost, type TestHost } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

/*
 * Pages that were written for other servers, in a real browser and on another port than ours: what one page sees of
 * another, and of a server that is started again. The pages are those of examples/.
 */

const EXAMPLES = new URL('../examples/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };
const PROGRAM = { id: 'program', roles: [] };
const SHOWN = { timeout: 30_000 };

let browser: Browser;
let pages: Server;
let host: TestHost | undefined;

beforeAll(async () => {
  browser = await launchBrowser();
  pages = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const file = fileURLToPath(new URL(`.${pathname}`, EXAMPLES));
    const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'text/plain';
    readFile(file).then(
      (bytes) => response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => pages.listen(0, 'localhost', resolve));
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await host?.close();
  host = undefined;
});
afterAll(async () => {
  await browser?.close();
  pages?.close();
});

async function start(settings: object): Promise<HubPort> {
  host = await startTestHost({ settings: { limits: { flushWindowMs: 8 }, ...settings } });
  return host.hub;
}

async function restart(settings: object): Promise<HubPort> {
  await host?.close();
  return start(settings);
}

async function open(example: string, query: object, sent: (text: string) => void = () => {}): Promise<Page> {
  const page = await browser.newPage();
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent(String(payload))));
  const { port } = pages.address() as AddressInfo;
  const parameters = new URLSearchParams(query as Record<string, string>);
  await page.goto(`http://localhost:${port}/${example}/index.html?${parameters}`);
  return page;
}

const textOf = (page: Page, id: string) => expect.poll(() => page.locator(`#${id}`).textContent(), SHOWN);

async function publish(hub: HubPort, topic: string, data: unknown, kind?: 'signal'): Promise<void> {
  await hub.publish(PROGRAM, { topic, data: data as never, kind });
}

describe('the page of a Flask-SocketIO dashboard', () => {
  test('is sent both of its rooms, and comes back to both when the server is started again', async () => {
    const port = await freePort();
    const settings = { listen: { 'socket-io': port } };
    let hub = await start(settings);
    await publish(hub, 'sales', { sales: 1820, orders: 37, timestamp: '14:03:07' });
    const page = await open('flask-dashboard', { server: `http://localhost:${port}` });
    await textOf(page, 'sales').toBe('1820');
    await publish(hub, 'visitors', { visitors: 512, active_users: 64, timestamp: '14:03:09' });
    await textOf(page, 'visitors').toBe('512');
    await textOf(page, 'timestamp').toBe('14:03:09');
    hub = await restart(settings);
    await publish(hub, 'sales', { sales: 1900, orders: 40, timestamp: '14:05:00' });
    await publish(hub, 'visitors', { visitors: 600, active_users: 70, timestamp: '14:05:01' });
    await textOf(page, 'sales').toBe('1900');
    await textOf(page, 'active_users').toBe('70');
  });

  test('polls where its browser has no WebSocket', async () => {
    const hub = await start({ listen: { 'socket-io': 0 } });
    const context = await browser.newContext();
    await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebSocket'));
    const page = await context.newPage();
    const { port } = pages.address() as AddressInfo;
    const server = `http://localhost:${host?.ports['socket-io']}`;
    await page.goto(`http://localhost:${port}/flask-dashboard/index.html?server=${server}`);
    for (const sales of [1, 2, 3]) {
      await publish(hub, 'sales', { sales });
      await textOf(page, 'sales').toBe(String(sales));
    }
  });
});

describe('pages with a SocketService', () => {
  test('see each other’s changes of theme, a program’s full screen, and data as it changes', async () => {
    const hub = await start({ listen: { 'koa-socket': 0, 'koa-http': 0 } });
    const { 'koa-socket': ws, 'koa-http': http } = host?.ports ?? {};
    const query = (screen: string) => ({ ws: `ws://localhost:${ws}/${screen}`, http: `http://localhost:${http}` });
    await publish(hub, 'shop/trend', [{ city: '上海', sales: 5 }]);
    const [left, right] = [await open('socket-service', query('hall')), await open('socket-service', query('hall'))];
    const other = await open('socket-service', query('lobby'));
    for (const page of [left, right, other]) await textOf(page, 'trend').toBe('上海 5');
    await textOf(left, 'twin').toBe('1 cities');
    await left.click('#change');
    for (const page of [left, right]) await textOf(page, 'theme').toBe('chalk');
    const fullScreen = { action: 'fullScreen', socketType: 'fullScreen', chartName: 'trend', value: true };
    await publish(hub, 'socket-service/hall/echo', fullScreen, 'signal');
    for (const page of [left, right]) await page.waitForSelector('#trend.full');
    await publish(hub, 'shop/trend', [{ city: '成都', sales: 6 }]);
    for (const page of [left, right, other]) await textOf(page, 'trend').toBe('成都 6');
    expect(await other.locator('#theme').textContent()).toBe('light');
    expect(await other.locator('#trend.full').count()).toBe(0);
  });

  test('connect again to a server that is started again, and hear each other', async () => {
    const port = await freePort();
    const settings = { listen: { 'koa-socket': port } };
    await start(settings);
    const query = { ws: `ws://localhost:${port}`, http: `http://localhost:${port}` };
    const [left, right] = [await open('socket-service', query), await open('socket-service', query)];
    const hub = await restart(settings);
    const echo = { action: 'themeChange', socketType: 'themeChange', value: 'again' };
    for (const page of [left, right]) {
      await expect
        .poll(async () => {
          await publish(hub, 'socket-service/echo', echo, 'signal');
          return page.locator('#theme').textContent();
        }, SHOWN)
        .toBe('again');
    }
    await left.click('#change');
    await textOf(right, 'theme').toBe('chalk');
  });
});

describe('the page with a token and heartbeats', () => {
  test('is let in, answers the heartbeats, and comes back to a server that is started again', async () => {
    const port = await freePort();
    const settings = { listen: { 'heart-check': port }, gateways: { 'heart-check': { heartMs: 2000 } } };
    let hub = await start(settings);
    const sent: string[] = [];
    const page = await open('heart-check', { server: `http://localhost:${port}` }, (text) => sent.push(text));
    await textOf(page, 'link').toBe('let in');
    const beats = () => sent.filter((text) => text.includes('heartCheck')).length;
    // It would have been sent away after the first that it had not answered.
    await expect.poll(beats, SHOWN).toBe(3);
    expect(sent.filter((text) => text.includes('auth'))).toHaveLength(1);
    expect(await page.locator('#link').textContent()).toBe('let in');
    await publish(hub, 'heart-check/alarm', { text: 'Pump 2 is hot' });
    await textOf(page, 'alarm').toBe('Pump 2 is hot');
    hub = await restart(settings);
    await publish(hub, 'heart-check/alarm', { text: 'Pump 2 is cold' });
    await textOf(page, 'alarm').toBe('Pump 2 is cold');
    await textOf(page, 'link').toBe('let in');
  });
});
