import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchBrowser, runTidewall, type TidewallServer } from '@tidewall/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';
import { brokenScreen, NEWEST, pushedScreen, SALES } from './screens.ts';
import { push, startWall } from './wall-server.ts';

const run = promisify(execFile);

/** What the real `curl` says of pushing this. */
async function curl(url: string, body: string): Promise<{ status: number; answer: Record<string, unknown> }> {
  const { stdout } = await run('curl', ['-s', '-w', '\n%{http_code}', '-d', body, url]);
  const [text = '', status = ''] = stdout.split(/\n(?=\d+$)/);
  return { status: Number(status), answer: JSON.parse(text) as Record<string, unknown> };
}

describe('pushing to an element', () => {
  let browser: Browser;
  let wall: TidewallServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    wall = await startWall({}, [pushedScreen]);
  });
  afterAll(async () => {
    await browser?.close();
    await wall?.close();
  });

  test('curl changes the element, by id, by prefixed id and by alias', async () => {
    const { page, faults } = await openPage(browser);
    await page.goto(`${wall.url}/s/pushed`);
    const card = page.locator('[data-alias="answer"]');
    await expect.poll(() => card.getAttribute('data-state')).toBe('waiting');
    const base = `${wall.url}/api/topics/screens/pushed/elements`;
    for (const [name, value] of [
      [NEWEST, 41],
      ['answer', 42],
      [`component/${NEWEST}`, 43],
    ] as const) {
      expect((await curl(`${base}/${name}`, JSON.stringify({ value }))).status).toBe(200);
      await expect.poll(() => card.innerText()).toContain(String(value));
    }
    await keepPicture(page, 'pushed');
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a push that does not fit is refused with its place and an example that works; the last good picture stays', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${wall.url}/s/pushed`);
    const url = `${wall.url}/api/topics/screens/pushed/elements/${SALES}`;
    expect((await curl(url, '[{"x":"Mon","y":3}]')).status).toBe(200);
    await page.waitForSelector('[data-alias="sales"][data-state="quiet"] canvas');
    const before = await page.locator('[data-alias="sales"]').screenshot();

    const { status, answer } = await curl(url, '[{"x":"Mon","y":3},{"x":"Tue","y":"many"}]');
    expect(status).toBe(422);
    const error = answer['error'] as {
      name: string;
      detail: { path: string; expected: string; got: string; example: unknown };
    };
    expect(error).toMatchObject({ name: 'shape_mismatch', detail: { path: '[1].y', got: '"many"' } });
    expect((await page.locator('[data-alias="sales"]').screenshot()).equals(before)).toBe(true);
    expect((await curl(url, JSON.stringify(error.detail.example))).status).toBe(200);
    await page.close();
  });
});

describe('a source that fails', () => {
  let browser: Browser;
  let wall: TidewallServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    wall = await startWall(
      { sources: { orders: { kind: 'csv', path: 'orders.csv', topic: 'orders/table', keyField: 'id' } } },
      [brokenScreen],
    );
  });
  afterAll(async () => {
    await browser?.close();
    await wall?.close();
  });

  test('shows its reason on its element and on no other, and heals by itself', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${wall.url}/s/broken`);
    await push(wall.url, 'wall/newest', { value: 7 });
    const orders = page.locator('[data-alias="orders"]');
    await expect.poll(() => orders.getAttribute('data-state')).toBe('failed');
    expect(await orders.getAttribute('data-reason')).toContain('orders.csv');
    expect(await page.locator('[data-alias="other"]').getAttribute('data-state')).toBe('quiet');
    await keepPicture(page, 'failed-source');

    const { sources } = (await (await fetch(`${wall.url}/api/sources`)).json()) as {
      sources: { name: string; reason?: string; path?: string }[];
    };
    const missing = /(\/\S+orders\.csv)/.exec(sources[0]?.reason ?? '')?.[1];
    await writeFile(missing ?? join(wall.dataDir, 'orders.csv'), 'id,amount\na,12\nb,30\n');
    await expect.poll(() => orders.getAttribute('data-state'), { timeout: 60_000 }).toMatch(/ok|quiet/);
    await expect.poll(() => orders.innerText()).toContain('30');
    await page.close();
  });
});

describe('the command line', () => {
  let wall: TidewallServer;

  beforeAll(async () => {
    wall = await startWall({});
  });
  afterAll(() => wall?.close());

  test('subscribe prints what curl pushes', async () => {
    const subscriber = runTidewall(['subscribe', 'demo/answer', '--url', wall.url]);
    expect((await curl(`${wall.url}/api/topics/demo/answer`, '{"value": 42}')).status).toBe(200);
    await subscriber.waitFor('{"value":42}');
    subscriber.kill('SIGINT');
    expect(await subscriber.ended).toMatchObject({ code: 0 });
  });

  test('lines of a program become publications while it still runs', async () => {
    const subscriber = runTidewall(['subscribe', 'host/vmstat', '--url', wall.url]);
    const publisher = runTidewall(['publish', 'host/vmstat', '--url', wall.url]);
    publisher.write(' 1  0      0 123456\n');
    await subscriber.waitFor('123456');
    publisher.write('{"r":2}\n');
    await subscriber.waitFor('{"r":2}');
    publisher.endInput();
    expect(await publisher.ended).toMatchObject({ code: 0 });
    subscriber.kill('SIGTERM');
    await subscriber.ended;
  });

  test('a refused publication is a sentence and exit code 1', async () => {
    const { code } = await runTidewall(['publish', 'x', '{"a":1}', '--op', 'append', '--url', wall.url]).ended;
    expect(code).toBe(1);
  });
});
