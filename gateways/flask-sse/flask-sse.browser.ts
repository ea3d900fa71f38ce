import { spawnSync } from 'node:child_process';
import {
  findProgram,
  freePort,
  launchBrowser,
  type StartedProgram,
  startProgram,
  startTestHost,
} from '@tidewall/testkit';
import { EventSource } from 'eventsource';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * The pattern of flask-sse with the software that its users have: redis-server, redis-cli, a real browser's EventSource,
 * and that of npm; and of ours nothing is configured but the address of Redis.
 */

const HAS_REDIS = findProgram('redis-server') !== undefined && findProgram('redis-cli') !== undefined;

interface Got {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

describe.skipIf(!HAS_REDIS)('a page of flask-sse', () => {
  let browser: Browser;
  let redis: StartedProgram;
  let host: Awaited<ReturnType<typeof startTestHost>>;
  let port: number;

  const startRedis = () => startProgram({ port, command: () => ['redis-server', '--port', `${port}`, '--save', ''] });
  const publish = (text: string, channel = 'sse') => {
    const { stdout } = spawnSync('redis-cli', ['-p', `${port}`, '-x', 'publish', channel], {
      input: text,
      encoding: 'utf8',
    });
    return Number(stdout);
  };
  /** Until it has reached somebody. */
  const publishHeard = (text: string, channel?: string) =>
    expect.poll(() => publish(text, channel), { timeout: 30_000 }).toBe(1);

  beforeAll(async () => {
    port = await freePort();
    browser = await launchBrowser();
    redis = await startRedis();
    host = await startTestHost({ settings: { redis: `redis://127.0.0.1:${port}`, limits: { lingerMs: 100 } } });
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await redis?.stop();
  });

  async function pageOn(path: string) {
    const page = await browser.newPage();
    await page.goto(host.url);
    await page.evaluate((address) => {
      const got: object[] = [];
      const source = new window.EventSource(address);
      const take = (event: MessageEvent) => {
        got.push({ type: event.type, data: event.data, id: event.lastEventId });
      };
      source.onmessage = take;
      source.addEventListener('greeting', take);
      Object.assign(window, { got, source });
      return new Promise((resolve) => {
        source.onopen = resolve;
      });
    }, path);
    const got = () => page.evaluate(() => (window as unknown as { got: Got[] }).got);
    return { page, got, expectGot: (wanted: unknown) => expect.poll(got, { timeout: 15_000 }).toEqual(wanted) };
  }

  test('shows what redis-cli publishes, in Chromium and with the EventSource of npm', async () => {
    const { page, expectGot } = await pageOn('/stream');
    const source = new EventSource(`${host.url}/stream`);
    const heard: string[] = [];
    source.addEventListener('greeting', (event) => heard.push(event.data));
    await new Promise((resolve) => source.addEventListener('open', resolve));
    await publishHeard('{"data":{"message":"Hello"},"type":"greeting","id":"7"}');
    await expectGot([{ type: 'greeting', data: '{"message":"Hello"}', id: '7' }]);
    await expect.poll(() => heard).toEqual(['{"message":"Hello"}']);
    source.close();
    await page.close();
  });

  test('has another channel, when it names one', async () => {
    const { page, expectGot } = await pageOn('/stream?channel=users.social');
    await publishHeard('{"data":"not here","type":"greeting"}', 'users.social');
    await expectGot([{ type: 'greeting', data: 'not here', id: '' }]);
    await page.close();
  });

  test('goes on when Redis was killed and is back, without a word of its own', async () => {
    const { page, got, expectGot } = await pageOn('/stream?channel=outage');
    await publishHeard('{"data":1}', 'outage');
    await expectGot([{ type: 'message', data: '1', id: '' }]);
    await redis.stop('SIGKILL');
    const failed = () =>
      host.hub.topics({ id: 'x', roles: [] }).find(({ topic }) => topic === 'redis/outage')?.freshness;
    await expect.poll(() => failed()?.state).toBe('failed');
    redis = await startRedis();
    await publishHeard('{"data":2}', 'outage');
    await expect.poll(async () => (await got()).at(-1)?.data).toBe('2');
    expect(await page.evaluate(() => (window as unknown as { source: { readyState: number } }).source.readyState)).toBe(
      1,
    );
    await page.close();
  });

  test('is forged no event by what anybody publishes', async () => {
    const { page, got } = await pageOn('/stream?channel=hostile');
    await publishHeard('{"data":"first"}', 'hostile');
    const forged = 'event:greeting\ndata:forged\n\n';
    for (const text of [
      JSON.stringify({ data: 'x', type: `a\n${forged}` }),
      JSON.stringify({ data: 'x', id: `1\r\n\r\n${forged}` }),
      JSON.stringify({ data: 'x', retry: `1\n\n${forged}` }),
      JSON.stringify({ data: 'y'.repeat(1024 * 1024) }),
      '{"data":{"__proto__":{"polluted":1}},"type":{"toString":"x"}}',
    ]) {
      expect(publish(text, 'hostile')).toBe(1);
    }
    const shown = [
      `not JSON\n\n${forged}`,
      JSON.stringify({ data: `\n\n${forged}` }),
      `\r\r${forged}`,
      '{"data":"last"}',
    ];
    for (const text of shown) expect(publish(text, 'hostile')).toBe(1);
    await expect.poll(async () => (await got()).at(-1)?.data, { timeout: 15_000 }).toBe('last');
    const events = await got();
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['message', 'first'],
      ['message', `not JSON\n\n${forged}`],
      ['message', `\n\n${forged}`],
      ['message', `\n\n${forged}`],
      ['message', 'last'],
    ]);
    await page.close();
  });

  test('goes from stream to stream by itself, and misses no message of its channel', async () => {
    const settings = { redis: `redis://127.0.0.1:${port}`, gateways: { 'flask-sse': { maxAgeMs: 1000 } } };
    const own = await startTestHost({ settings });
    const page = await browser.newPage();
    await page.goto(own.url);
    await page.evaluate(() => {
      const seen = { got: [] as [string, string][], opens: 0 };
      const source = new window.EventSource('/stream?channel=turns');
      source.onmessage = ({ data, lastEventId }) => void seen.got.push([data, lastEventId]);
      source.onopen = () => {
        seen.opens++;
      };
      Object.assign(window, { seen });
    });
    const seen = () => page.evaluate(() => (window as unknown as { seen: { got: unknown[]; opens: number } }).seen);
    await publishHeard('{"data":0,"id":"first"}', 'turns');
    let published = 0;
    while ((await seen()).opens < 4) expect(publish(`{"data":${++published}}`, 'turns')).toBe(1);
    const all = Array.from({ length: published + 1 }, (_, i) => [String(i), 'first']);
    await expect.poll(async () => (await seen()).got, { timeout: 15_000 }).toEqual(all);
    await page.close();
    await own.close();
  });

  test('ends when the server stops, and is back by itself when it runs again', async () => {
    const settings = { redis: `redis://127.0.0.1:${port}`, port: await freePort(), limits: { lingerMs: 100 } };
    let own = await startTestHost({ settings });
    const page = await browser.newPage();
    await page.goto(own.url);
    await page.evaluate(() => {
      const got: string[] = [];
      const source = new window.EventSource('/stream?channel=restart');
      source.onmessage = ({ data }) => void got.push(data);
      Object.assign(window, { got });
    });
    const got = () => page.evaluate(() => (window as unknown as { got: string[] }).got);
    await publishHeard('{"data":"before"}', 'restart');
    await expect.poll(got).toEqual(['before']);
    await own.close();
    own = await startTestHost({ settings });
    await publishHeard('{"data":"after"}', 'restart');
    await expect.poll(got, { timeout: 30_000 }).toEqual(['before', 'after']);
    await page.close();
    await own.close();
  });
});
