import { launchBrowser, type TidewallServer } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPage } from './browser.ts';
import { push, startWall } from './wall-server.ts';

const RAW = 'CardStat_1_0_0_31_1700000000000';
const CALCULATED = 'CardStat_1_0_0_32_1700000000000';
const SCRIPTED = 'CardStat_1_0_0_33_1700000000000';

const card = (alias: string, transforms: object[]) => ({
  type: 'CardStat',
  alias,
  frame: { x: 0, y: 0, w: 600, h: 300 },
  data: { binding: { type: 'topic', topic: 'plant/pumps' }, transforms },
});
const screen = (id: string, elements: Record<string, object>) => ({
  format: 1,
  id,
  meta: { name: id },
  canvas: { width: 1200, height: 600 },
  pages: [{ layers: Object.keys(elements) }],
  elements,
});
const total = { type: 'group', fields: { value: { op: 'sum', field: 'kw' } } };

const SCREENS = [
  screen('plain', { [RAW]: card('plain', [total]) }),
  screen('calculated', {
    [CALCULATED]: card('calculated', [{ type: 'filter', cel: 'state == "on"' }, total]),
    [SCRIPTED]: card('scripted', [{ type: 'script', code: 'return 1' }]),
  }),
];

describe('transforms in a page', () => {
  let browser: Browser;
  let wall: TidewallServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    wall = await startWall({}, SCREENS);
    await push(wall.url, 'plant/pumps', [
      { name: 'a', kw: 30, state: 'on' },
      { name: 'b', kw: 12, state: 'on' },
      { name: 'c', kw: 5, state: 'off' },
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await wall?.close();
  });

  async function open(id: string): Promise<{ page: Page; faults: string[]; scripts: string[] }> {
    const { page, faults } = await openPage(browser);
    const scripts: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'script') scripts.push(request.url());
    });
    await page.goto(`${wall.url}/s/${id}`);
    return { page, faults, scripts };
  }

  test('CEL runs under the content security policy, and what only the server can run is named', async () => {
    const { page, faults, scripts } = await open('calculated');
    await expect.poll(() => page.locator('[data-alias="calculated"]').innerText()).toContain('42');
    await page.waitForSelector('[data-alias="scripted"][data-mismatch="transforms[0]"]');
    expect(scripts.filter((url) => url.includes('/cel-'))).toHaveLength(1);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a page without CEL does not fetch it', async () => {
    const { page, faults, scripts } = await open('plain');
    await expect.poll(() => page.locator('[data-alias="plain"]').innerText()).toContain('47');
    expect(scripts.filter((url) => url.includes('/cel-'))).toEqual([]);
    expect(faults).toEqual([]);
    await page.close();
  });
});
