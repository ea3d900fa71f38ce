import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launchBrowser, startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

/* Chromium's own `EventSource`, on a page of another origin, through a network that breaks. */

const PUBLISHER = { id: 'test', roles: [] };

let browser: Browser;
let page: Page;
let host: TestHost;
let proxy: TcpProxy;
const pages = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(''));

beforeAll(async () => {
  browser = await launchBrowser();
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await browser.close();
  pages.close();
});

const origin = () => `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

beforeEach(async () => {
  host = await startTestHost({ settings: { allowedOrigins: [origin()] } });
  proxy = await TcpProxy.start(host.port);
  page = await browser.newPage();
  await page.goto(origin());
});
afterEach(async () => {
  await page.close();
  await proxy.close();
  await host.close();
});

interface Seen {
  readonly entries: Record<string, unknown[]>;
  readonly opens: number;
  readonly state: number;
  readonly recovered: readonly boolean[];
  readonly byes: readonly number[];
}

/** Follows two logs; what it sees is in `window.seen`. */
function follow(query: string): Promise<void> {
  return page.evaluate(
    ({ url, names }) => {
      const seen = {
        entries: Object.fromEntries(names.map((name) => [name, [] as unknown[]])),
        opens: 0,
        state: 0,
        recovered: [] as boolean[],
        byes: [] as number[],
      };
      const topics = new Map<number, string>();
      const source = new EventSource(url);
      Object.assign(window, { seen: () => ({ ...seen, state: source.readyState }) });
      source.onopen = () => {
        seen.opens++;
      };
      source.onmessage = ({ data }) => {
        const line = JSON.parse(data as string);
        if (line.subscribe) {
          topics.set(line.subscribe.topic, names[line.id - 1] as string);
          seen.recovered.push(line.subscribe.recovered);
        } else if (line.bye) seen.byes.push(line.bye.code);
        else if (line.d !== undefined) seen.entries[topics.get(line.t) as string]?.push(line.d);
      };
    },
    { url: `http://127.0.0.1:${proxy.port}/sse?${query}`, names: ['b', 'a'] },
  );
}

const seen = (): Promise<Seen> => page.evaluate(() => (window as unknown as { seen(): Seen }).seen());

/** Answered as many times for each of its topics: a stream that is open may be one that only says when to come back. */
const follows = (times: number) => until(({ recovered }) => recovered.length === 2 * times);

async function until(holds: (seen: Seen) => boolean): Promise<void> {
  await expect.poll(async () => holds(await seen()), { timeout: 30_000, interval: 20 }).toBe(true);
}

test('[W55] an EventSource that is cut off goes on in all of its topics without a hole or a repeat', async () => {
  await follow('topic=b&topic=a&kind=log');
  await follows(1);
  const published = { a: 0, b: 0 };
  const publish = async (topic: 'a' | 'b') => {
    await host.hub.publish(PUBLISHER, { topic, data: ++published[topic] });
  };
  for (let cut = 1; cut <= 4; cut++) {
    for (let i = 0; i < 20; i++) await publish(i % 3 === 0 ? 'a' : 'b');
    if (cut % 2 === 0) await until(({ entries }) => entries['b']?.length === published.b);
    proxy.cut();
    for (let i = 0; i < 5; i++) await publish('a');
    proxy.heal();
    await follows(cut + 1);
  }
  await publish('b');
  await until(({ entries }) => entries['b']?.length === published.b && entries['a']?.length === published.a);
  const { entries, recovered } = await seen();
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  expect(entries).toEqual({ a: upTo(published.a), b: upTo(published.b) });
  expect(recovered.slice(2)).toEqual(Array.from({ length: 8 }, () => true));
});

test('[W56] an EventSource comes back when the server does, in the time that it was told', async () => {
  await follow('topic=b&topic=a&kind=log');
  await follows(1);
  const { port } = host;
  await host.close();
  await until(({ byes }) => byes.includes(4001));
  host = await startTestHost({ settings: { port, allowedOrigins: [origin()] } });
  // Before that there is no such log: a topic that is published to first would become a state, which the page refuses.
  await follows(2);
  await host.hub.publish(PUBLISHER, { topic: 'a', data: 'again' });
  await until(({ entries }) => entries['a']?.at(-1) === 'again');
});

test('[W58] an EventSource goes from stream to stream by itself and misses nothing, of a signal neither', async () => {
  const { port } = host;
  await host.close();
  const topics = [
    { pattern: 'a', kind: 'log' },
    { pattern: 'b', kind: 'signal' },
  ];
  const gateways = { sse: { maxAgeMs: 1000 } };
  host = await startTestHost({ settings: { port, allowedOrigins: [origin()], topics, gateways } });
  await follow('topic=b&topic=a');
  await follows(1);
  let published = 0;
  while ((await seen()).opens < 5) {
    published++;
    for (const topic of ['a', 'b']) await host.hub.publish(PUBLISHER, { topic, data: published });
  }
  await until(({ entries }) => entries['a']?.at(-1) === published && entries['b']?.at(-1) === published);
  const { entries, recovered } = await seen();
  const all = Array.from({ length: published }, (_, i) => i + 1);
  expect(entries).toEqual({ a: all, b: all });
  expect(recovered.slice(2)).not.toContain(false);
});

test('[W54] what is refused ends an EventSource, and a page of an origin that is not listed reads nothing', async () => {
  await follow('topic=b&topic=a&rate=5');
  await until(({ state }) => state === 2);
  await page.goto(`http://localhost:${(pages.address() as AddressInfo).port}`);
  await follow('topic=b&topic=a');
  await until(({ state }) => state === 2);
  expect((await seen()).opens).toBe(0);
});
