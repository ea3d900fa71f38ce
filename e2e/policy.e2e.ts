import { launchBrowser, type TidewallServer } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from './browser.ts';
import { freeScreen, NEWEST, pushedScreen } from './screens.ts';
import { push, startWall } from './wall-server.ts';

/*
 * The content security policy of every page, in a real browser: nothing that a page does by itself violates it, and what
 * somebody puts into one does.
 */

let browser: Browser;
let wall: TidewallServer;

beforeAll(async () => {
  browser = await launchBrowser();
  wall = await startWall({ demo: true }, [freeScreen, pushedScreen]);
});
afterAll(async () => {
  await wall?.close();
  await browser?.close();
});

/** A page at an address, and what it may not do and did. */
async function visit(path: string): Promise<{ page: Page; violations: () => Promise<string[]>; faults: string[] }> {
  const { page, faults } = await openPage(browser);
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      seen.push(`${effectiveDirective} ${blockedURI}`),
    );
  });
  await page.goto(`${wall.url}${path}`);
  return { page, faults, violations: () => page.evaluate(() => (window as unknown as { seen: string[] }).seen) };
}

test.each(['/', '/login', '/setup', '/setup#token', '/s/none', '/nowhere'])(
  '%s does nothing that its policy forbids',
  async (path) => {
    const { page, violations, faults } = await visit(path);
    await expect.poll(() => page.locator('h1').first().isVisible()).toBe(true);
    const grounds = await page.evaluate(() =>
      [document.documentElement, document.body].map((each) => getComputedStyle(each).backgroundColor),
    );
    // It has its own looks: no style of ours was refused.
    expect(grounds).toContain('rgb(5, 16, 31)');
    await page.keyboard.press('t');
    await page.keyboard.press('l');
    expect(await violations()).toEqual([]);
    // That what was asked for is not there the browser says itself.
    expect(faults.filter((text) => !/404/.test(text))).toEqual([]);
    await page.close();
  },
);

test('every screen that there is does nothing that its policy forbids, also when it is pointed at', async () => {
  const { screens } = (await (await fetch(`${wall.url}/api/screens`)).json()) as { screens: { id: string }[] };
  expect(screens.map(({ id }) => id)).toEqual(expect.arrayContaining(['free', 'pushed', 'this-machine', 'live-shop']));
  const columns = { t: [Date.now() - 1000, Date.now()], load: [1, 2] };
  await push(wall.url, 'free/stream', columns, '?kind=series');
  await push(wall.url, 'free/log', { text: 'started', level: 'info' }, '?kind=log');
  await push(wall.url, 'free/answer', { value: 42 });
  await push(wall.url, `screens/pushed/elements/${NEWEST}`, { value: 42 });
  for (const { id } of screens) {
    const { page, violations, faults } = await visit(`/s/${id}`);
    const drawn = page.locator('[data-element]:not([data-state="waiting"])');
    await expect.poll(() => drawn.count(), { timeout: 30_000, message: id }).toBeGreaterThan(0);
    for (const canvas of await page.locator('canvas').all())
      await canvas.hover({ force: true, timeout: 2000 }).catch(() => {});
    await page.keyboard.press('?');
    expect(await violations(), id).toEqual([]);
    expect(faults, id).toEqual([]);
    await page.close();
  }
});

test('a script, a handler, a style and a frame that are put into a page are refused, and so is text as code', async () => {
  const { page, violations } = await visit('/');
  await expect.poll(() => page.locator('h1').first().isVisible()).toBe(true);
  const ran = await page.evaluate(async () => {
    const host = document.body;
    host.insertAdjacentHTML('beforeend', '<img src="/none" onerror="window.ran=1"><p style="color:red" id="p">x</p>');
    host.insertAdjacentHTML(
      'beforeend',
      '<style>body{display:none}</style><a href="javascript:window.ran=2" id="a">x</a>',
    );
    const script = document.createElement('script');
    script.textContent = 'window.ran=3';
    const far = document.createElement('script');
    far.src = 'https://evil.example/x.js';
    const frame = document.createElement('iframe');
    frame.src = 'https://evil.example/';
    const base = document.createElement('base');
    base.href = 'https://evil.example/';
    host.append(script, far, frame, base);
    (document.querySelector('#a') as HTMLElement).click();
    // Later: what the tools of the browser run themselves may compile text.
    const compiled = new Promise<boolean>((resolve) => {
      setTimeout(() => {
        try {
          resolve(new Function('return true')());
        } catch {
          resolve(false);
        }
      }, 300);
    });
    return {
      ran: (window as { ran?: number }).ran,
      compiled: await compiled,
      shown: getComputedStyle(document.body).display,
    };
  });
  expect(ran).toEqual({ ran: undefined, compiled: false, shown: 'block' });
  const refused = (await violations()).join('\n');
  for (const directive of [
    'script-src-attr',
    'script-src-elem',
    'style-src-attr',
    'style-src-elem',
    'frame-src',
    'base-uri',
  ]) {
    expect(refused).toContain(directive);
  }
  expect(refused).toContain('eval');
  await page.close();
});
