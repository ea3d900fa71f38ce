import { createServer } from 'node:http';
import { launchBrowser, TcpProxy, type TestServer, TestServers, type TidewallServer } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openPage } from './browser.ts';
import { startWall } from './wall-server.ts';

/*
 * Sources that the page itself asks, in a real browser; the far end is a real server of another origin.
 */

const INTERVAL_MS = 1_000;

const element = (n: number, alias: string, topic: string) => ({
  [`CardStat_1_0_0_${n}_1700000000000`]: {
    ...{ type: 'CardStat', alias, frame: { x: (n - 1) * 300, y: 0, w: 280, h: 300 } },
    data: { binding: { type: 'topic', topic } },
  },
});
const elements = {
  ...element(1, 'one', 'price'),
  ...element(2, 'two', 'price'),
  ...element(3, 'bj', 'price/city=bj'),
  ...element(4, 'closed', 'closed'),
  ...element(5, 'later', 'later'),
};
const screen = {
  ...{ format: 1, id: 'asked', meta: { name: 'asked' }, canvas: { width: 1500, height: 300 } },
  ...{ pages: [{ layers: Object.keys(elements) }], elements },
};

let browser: Browser;
let servers: TestServers;
let far: TestServer;
let wall: TidewallServer;
let page: Page;
let broken = false;
let leadsTo: string | undefined;
/** What the far end answers. */
let value = 42;

/** Polls for as long as a busy machine may take. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });
const agents = () => far.headers.map((headers) => headers['user-agent'] ?? '');
const askedFor = (path: string) => far.asked.filter((line) => line.endsWith(path)).length;
const state = (alias: string) => page.locator(`[data-alias="${alias}"]`).getAttribute('data-state');
const reason = (alias: string) => page.locator(`[data-alias="${alias}"]`).getAttribute('data-reason');
/** What stands on an element, line by line: what it says of a failure holds numbers too. */
const text = async (alias: string) => {
  const all = await page.locator(`[data-alias="${alias}"]`).innerText();
  return all.split('\n').map((line) => line.trim());
};

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  broken = false;
  leadsTo = undefined;
  value = 42;
  servers = new TestServers();
  far = await servers.http((request, response) => {
    if (!request.url?.startsWith('/closed')) response.setHeader('access-control-allow-origin', '*');
    if (leadsTo !== undefined) response.writeHead(302, { location: leadsTo }).end();
    else if (broken) response.writeHead(500).end();
    else response.end(JSON.stringify({ data: { value: request.url === '/price/bj' ? 7 : value } }));
  });
  const asked = { kind: 'http', request: 'browser', path: 'data', topicKind: 'state', intervalMs: INTERVAL_MS };
  wall = await startWall(
    {
      // A page waits for this and 8 s more before it gives a silent connection up.
      limits: { pingMs: 1000 },
      sources: {
        price: {
          ...{ ...asked, url: `http://127.0.0.1:${far.port}/price/:city` },
          params: { city: { value: 'sh', oneOf: ['sh', 'bj'] } },
        },
        closed: { ...asked, url: `http://127.0.0.1:${far.port}/closed` },
      },
    },
    [screen],
  );
  ({ page } = await openPage(browser, { width: 1500, height: 300 }));
});
afterEach(async () => {
  await page?.close();
  await wall?.close();
  await servers?.close();
});

test('two elements on one topic are one question an interval, which the browser asks and the server never does', async () => {
  await page.goto(`${wall.url}/s/asked`);
  await soon(() => text('one')).toContain('42');
  await soon(() => text('two')).toContain('42');
  await soon(() => state('one')).toBe('ok');
  const [begun, before] = [performance.now(), askedFor('/price/sh')];
  value = 43;
  await soon(() => text('two')).toContain('43');
  expect(await text('one')).toContain('43');
  await soon(() => askedFor('/price/sh') - before).toBeGreaterThan(3);
  expect(askedFor('/price/sh') - before).toBeLessThan((performance.now() - begun) / INTERVAL_MS + 1.5);
  expect(agents().every((agent) => agent.includes('Chrome'))).toBe(true);
  const { sources } = (await (await fetch(`${wall.url}/api/sources`)).json()) as { sources: { state: string }[] };
  expect(sources.map((source) => source.state)).toEqual(['idle', 'idle']);
});

test('parameters in the name of a topic choose what is asked', async () => {
  await page.goto(`${wall.url}/s/asked`);
  await soon(() => text('bj')).toContain('7');
  expect(askedFor('/price/bj')).toBeGreaterThan(0);
});

test('a far end that fails shows on the element, and it heals by itself; what was shown stays', async () => {
  await page.goto(`${wall.url}/s/asked`);
  await soon(() => text('one')).toContain('42');
  broken = true;
  await soon(() => state('one')).toBe('failed');
  expect(await reason('one')).toMatch(/\/price\/:city answers 500: it has failed by itself; next try in \d+ s$/);
  expect(await text('one')).toContain('42');
  broken = false;
  value = 44;
  await soon(() => text('one')).toContain('44');
  expect(await state('one')).toBe('ok');
});

test('a far end that dies shows on the element, and heals; one that lets no page read it says so', async () => {
  await page.goto(`${wall.url}/s/asked`);
  await soon(() => state('closed')).toBe('failed');
  const sentence = `blocked by CORS (Access-Control-Allow-Origin must name ${new URL(wall.url).origin}), or unreachable`;
  expect(await reason('closed')).toContain(sentence);
  await soon(() => state('one')).toBe('ok');
  await far.kill();
  await soon(() => state('one')).toBe('failed');
  expect(await reason('one')).toContain(sentence);
  const again = createServer((_, response) => {
    response.setHeader('access-control-allow-origin', '*').end('{"data":{"value":45}}');
  });
  await new Promise<void>((resolve) => again.listen(far.port, '0.0.0.0', resolve));
  try {
    await soon(() => text('one')).toContain('45');
    await soon(() => state('one')).toBe('ok');
  } finally {
    again.close();
    again.closeAllConnections();
  }
});

test('a page is let to the origins of its sources and to no other, and follows nobody elsewhere', async () => {
  const other = await servers.http((_, response) => {
    response.setHeader('access-control-allow-origin', '*').end('1');
  });
  leadsTo = `http://127.0.0.1:${other.port}/`;
  await page.goto(`${wall.url}/s/asked`);
  await soon(() => reason('one')).toContain('leads to another address, where no page follows');
  const statusOf = (url: string) =>
    page.evaluate(
      (at) =>
        fetch(at).then(
          ({ status }) => status,
          () => 'blocked',
        ),
      url,
    );
  expect(await statusOf(`http://127.0.0.1:${other.port}/`)).toBe('blocked');
  leadsTo = undefined;
  expect(await statusOf(`http://127.0.0.1:${far.port}/price/sh`)).toBe(200);
  expect(other.asked).toEqual([]);
});

test('what asks is fetched only where there is something to ask', async () => {
  const loaded: string[] = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  const chunks = () => loaded.filter((path) => /asked-topics/.test(path)).length;
  await page.goto(`${wall.url}/s/asked`);
  await soon(() => text('one')).toContain('42');
  expect(chunks()).toBe(1);
  const plain = await startWall({}, [screen]);
  try {
    loaded.length = 0;
    await page.goto(`${plain.url}/s/asked`);
    await soon(() => loaded).toContain('/api/page-requests');
    await fetch(`${plain.url}/api/topics/price`, { method: 'POST', body: '{"value": 11}' });
    await soon(() => text('one')).toContain('11');
    expect(chunks()).toBe(0);
  } finally {
    await plain.close();
  }
});

test('a page learns of a source that was made while its link was down, and loads itself again to be let there', async () => {
  const proxy = await TcpProxy.start(wall.port);
  try {
    await page.goto(`http://localhost:${proxy.port}/s/asked`);
    await soon(() => text('one')).toContain('42');
    proxy.cut();
    const other = await servers.http((_, response) => {
      response.setHeader('access-control-allow-origin', '*').end('{"value": 99}');
    });
    const made = { kind: 'http', request: 'browser', topicKind: 'state', url: `http://127.0.0.1:${other.port}/later` };
    const answer = await fetch(`${wall.url}/api/sources/later`, { method: 'PUT', body: JSON.stringify(made) });
    expect(answer.status).toBe(200);
    proxy.heal();
    await soon(() => text('later')).toContain('99');
    expect(other.asked.length).toBeGreaterThan(0);
  } finally {
    await proxy.close();
  }
});
