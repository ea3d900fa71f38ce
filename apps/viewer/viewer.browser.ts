import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, startTestHost, TcpProxy, type TestHost } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const ELEMENT = 'CardStat_1_0_0_1_1700000000000';
const SCREEN = {
  format: 1,
  id: 'hall',
  meta: { name: '大厅', nameEn: 'Hall', description: '说明', descriptionEn: 'What it shows' },
  canvas: { width: 1920, height: 1080 },
  pages: [{ layers: [ELEMENT] }],
  elements: {
    [ELEMENT]: {
      type: 'CardStat',
      name: 'Answer',
      alias: 'answer',
      frame: { x: 100, y: 100, w: 600, h: 300 },
      data: { binding: { type: 'topic', topic: 'demo/answer' } },
    },
  },
};

let webDir: string;
let browser: Browser;
let host: TestHost;
let page: Page;
let failures: string[];

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
  page = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 720 } })).newPage();
  failures = [];
  page.on('pageerror', (failure) => failures.push(failure.message));
  page.on('console', (line) => {
    // The browser itself says that a page or a link was not there; everything else is a fault of ours.
    if (line.type() === 'error' && !/404|429|WebSocket|ERR_/.test(line.text())) failures.push(line.text());
  });
});

afterEach(async () => {
  await page.context().close();
  await host.close();
  expect(failures).toEqual([]);
});

async function addScreen() {
  await mkdir(join(host.dataDir, 'screens'), { recursive: true });
  await writeFile(join(host.dataDir, 'screens', 'hall.json'), JSON.stringify(SCREEN));
  await expect.poll(async () => (await fetch(`${host.url}/api/screens/hall`)).status).toBe(200);
}

const push = (value: number) =>
  fetch(`${host.url}/api/topics/demo/answer`, { method: 'POST', body: JSON.stringify({ value }) });
const shown = () => page.locator('[data-alias=answer]');

describe('the list of screens', () => {
  test('a server without screens shows the first step, which works as it stands', async () => {
    await page.goto(host.url);
    const step = page.locator('.cards .step');
    await step.waitFor();
    const code = (await step.locator('pre').textContent()) ?? '';
    await writeFile(join(host.dataDir, 'screens', 'my-screen.json'), code);
    await expect.poll(async () => (await fetch(`${host.url}/api/screens/my-screen`)).status).toBe(200);
    expect(await page.locator('.columns pre').textContent()).toContain(`${host.url}/api/topics/demo/answer`);
  });

  test('each screen is a card with a live picture, and its topics are listed', async () => {
    await addScreen();
    await push(41);
    await page.goto(host.url);
    await page.locator('.card [data-alias=answer]').getByText('41').waitFor();
    await push(42);
    await page.locator('.card [data-alias=answer]').getByText('42').waitFor();
    expect(await page.locator('.card h3').textContent()).toBe('Hall');
    expect(await page.locator('.card-text p').allTextContents()).toEqual(['What it shows', '1 element']);
    await page.locator('.topics').getByText('demo/answer').waitFor();
    await page.locator('.card').click();
    await page.waitForURL('**/s/hall');
  });
});

describe('the list of screens without its server', () => {
  let proxy: TcpProxy;

  beforeEach(async () => {
    await addScreen();
    await push(41);
    proxy = await TcpProxy.start(host.port);
    await page.goto(`http://localhost:${proxy.port}/`);
    await page.locator('.card [data-alias=answer]').getByText('41').waitFor();
    await page.locator('.topics').getByText('demo/answer').waitFor();
  });

  afterEach(() => proxy.close());

  test('says so, marks what is old, and is live again by itself', async () => {
    const age = page.locator('.topics tbody td:last-child');
    const mark = page.locator('.card .mark');
    expect(await mark.isVisible()).toBe(false);
    proxy.cut();
    await page
      .locator('.strip')
      .getByText(/Link lost|Reconnecting/)
      .waitFor();
    await page.locator('[data-old] .trouble').getByText('The server cannot be reached').waitFor();
    await mark.getByText('1 late').waitFor();
    await age.getByText(/^1\d s ago$/).waitFor();
    await page.keyboard.press('l');
    await page.locator('.trouble').getByText('无法连接服务器').waitFor();
    await mark.getByText('1 迟').waitFor();
    proxy.heal();
    await page.locator('.trouble').waitFor({ state: 'hidden' });
    await mark.waitFor({ state: 'hidden' });
    await page.locator('.strip').waitFor({ state: 'hidden' });
  });
});

test('a link of a topic keeps its focus while the list is read again', async () => {
  await push(1);
  await page.goto(host.url);
  const link = page.locator('.topics a');
  await link.focus();
  const readAgain = () => page.waitForResponse((answer) => answer.url().endsWith('/api/topics'));
  await readAgain();
  await readAgain();
  expect(await link.evaluate((element) => element === document.activeElement)).toBe(true);
});

describe('one screen', () => {
  test('a refusal is told with the words of the server, and tried again', async () => {
    await addScreen();
    await push(5);
    const refused = { error: { code: 111, name: 'too_many_requests', message: 'wait a little' } };
    let refusals = 2;
    await page.route('**/api/screens/hall', (route) =>
      refusals-- > 0 ? route.fulfill({ status: 429, json: refused }) : route.continue(),
    );
    await page.goto(`${host.url}/s/hall`);
    const status = page.getByRole('status');
    await status.getByText('The server answers 429 · wait a little').waitFor();
    await shown().getByText('5').waitFor();
  });

  test('the way back takes the choices of the reader along', async () => {
    await addScreen();
    await page.goto(`${host.url}/s/hall?lang=zh`);
    await shown().waitFor();
    await page.keyboard.press('t');
    const home = page.locator('.bar a');
    expect(await home.getAttribute('href')).toBe('/?lang=zh&theme=jade');
  });

  test('the countdown to the next try is kept from those who listen', async () => {
    await addScreen();
    const proxy = await TcpProxy.start(host.port);
    await page.goto(`http://localhost:${proxy.port}/s/hall?lang=zh`);
    await shown().waitFor();
    proxy.cut();
    await page
      .locator('.strip [aria-hidden]')
      .getByText(/秒后重试/)
      .waitFor();
    const told = await page.locator('.strip [role=status]').textContent();
    expect(told).toMatch(/^(连接已断开|正在重连…) · (连接中断|无法连接服务器)$/);
    // A clock that is put right meanwhile is no reason to count from 3600.
    const next = await page.locator('.strip [aria-hidden]').evaluate(async (countdown) => {
      const now = Date.now;
      Date.now = () => now() - 3_600_000;
      await new Promise<void>((changed) => {
        const observer = new MutationObserver(() => {
          if (countdown.textContent === '') return;
          observer.disconnect();
          changed();
        });
        observer.observe(countdown, { childList: true });
      });
      return countdown.textContent ?? '';
    });
    expect(Number(/\d+/.exec(next)?.[0])).toBeLessThan(60);
    await proxy.close();
  });

  test('the health panel shows the whole of what does not fit, in rows that stay', async () => {
    await addScreen();
    await push(1);
    await page.goto(`${host.url}/s/hall`);
    await shown().getByText('1').waitFor();
    await page.keyboard.press('?');
    const row = page.locator('.panel tbody tr');
    await row.waitFor();
    await row.evaluate((element) => element.setAttribute('data-first', ''));
    const age = row.locator('td').nth(3);
    const before = await age.textContent();
    await expect.poll(() => age.textContent()).not.toBe(before);
    expect(await row.getAttribute('data-first')).toBe('');
    const words = await row.locator('.said').evaluate((element) => {
      element.textContent = 'expected a number ≠ '.repeat(20);
      (element as HTMLElement).hidden = false;
      return element.scrollWidth - element.clientWidth;
    });
    expect(words).toBeLessThanOrEqual(0);
  });

  test('follows what is pushed, in the whole window', async () => {
    await addScreen();
    await page.goto(`${host.url}/s/hall`);
    await push(7);
    await shown().getByText('7').waitFor();
    expect(await page.title()).toBe('Hall · Tidewall 潮屏');
    const box = await shown().boundingBox();
    expect([box?.x, box?.width]).toEqual([Math.round(1280 / 19.2), 400]);
  });

  test('a page that nobody can see is sent little, and catches up when it is seen again', async () => {
    const sent: string[] = [];
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
    await addScreen();
    await push(41);
    await page.goto(`${host.url}/s/hall`);
    await shown().getByText('41').waitFor();
    const show = (hidden: boolean) =>
      page.evaluate((no) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => no });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    const rates = () => sent.flatMap((text) => /"configure":.*"rateHz":([^,}]+)/.exec(text)?.[1] ?? []);
    await show(true);
    await expect.poll(rates).toContain('0.5');
    await show(false);
    await expect.poll(rates).toContain('null');
    await push(42);
    await shown().getByText('42').waitFor();
  });

  test('keys change theme and language, and the address keeps them', async () => {
    await addScreen();
    await page.goto(`${host.url}/s/hall`);
    await shown().waitFor();
    await page.keyboard.press('t');
    await page.keyboard.press('l');
    expect(new URL(page.url()).search).toBe('?theme=jade&lang=zh');
    expect(await page.title()).toBe('大厅 · Tidewall 潮屏');
    await page.reload();
    await shown().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    expect(await page.evaluate(() => document.documentElement.style.getPropertyValue('--accent'))).toBe('#37e0a2');
  });

  test('the health panel shows each element, and closes with the keyboard', async () => {
    await addScreen();
    await push(1);
    await page.goto(`${host.url}/s/hall`);
    await shown().getByText('1').waitFor();
    await page.keyboard.press('?');
    const panel = page.locator('.panel');
    await panel.getByText('demo/answer').waitFor();
    expect(await panel.locator('tbody tr').count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await panel.isVisible()).toBe(false);
  });

  test('a lost link is told with its next try, and the screen comes back by itself', async () => {
    await addScreen();
    await push(1);
    const proxy = await TcpProxy.start(host.port);
    await page.goto(`http://localhost:${proxy.port}/s/hall`);
    await shown().getByText('1').waitFor();
    const strip = page.locator('.strip');
    expect(await strip.isVisible()).toBe(false);
    proxy.cut();
    await strip
      .getByText(/next try in \d+ s|Reconnecting/)
      .first()
      .waitFor();
    await push(2);
    proxy.heal();
    await shown().getByText('2').waitFor();
    await strip.waitFor({ state: 'hidden' });
    await proxy.close();
  });
});

test('an unknown screen is a page that helps', async () => {
  await addScreen();
  const answer = await page.goto(`${host.url}/s/hal`);
  expect(answer?.status()).toBe(404);
  await page.getByText('There is no screen "hal"').waitFor();
  await page.getByRole('link', { name: 'Hall (/s/hall)' }).click();
  await shown().waitFor();
});

test('a screen that is saved while its address is open is shown without a reload', async () => {
  await page.clock.install();
  await page.goto(`${host.url}/s/hall`);
  await page.getByText('There is no screen "hall"').waitFor();
  await addScreen();
  await push(3);
  await page.clock.runFor(10_500);
  await shown().getByText('3').waitFor();
  expect(await page.locator('.lost').count()).toBe(0);
  expect(await page.title()).toBe('Hall · Tidewall 潮屏');
});
