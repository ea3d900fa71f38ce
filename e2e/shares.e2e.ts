import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launchBrowser, runTidewall, type TidewallServer } from '@tidewall/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';
import { startWall } from './wall-server.ts';

const PASSWORD = 'correct horse battery';
const KEY_SECRET = 'the-secret-of-a-key-that-signs-links';
const CARD = 'CardStat_1_0_0_1_1700000000000';
const OUT_MS = 5000;

let browser: Browser;
let wall: TidewallServer;
let portal: Server;
let portalUrl: string;

beforeAll(async () => {
  browser = await launchBrowser();
  portal = createServer((request, response) => {
    const src = new URL(request.url ?? '/', 'http://x').searchParams.get('src') ?? '';
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe width="900" height="500" src="${src.replaceAll('"', '')}"></iframe>`);
  });
  await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
  portalUrl = `http://127.0.0.1:${(portal.address() as AddressInfo).port}`;
  const screen = {
    ...{
      format: 1,
      id: 'hall',
      meta: { name: 'Hall' },
      canvas: { width: 800, height: 400 },
      pages: [{ layers: [CARD] }],
    },
    variables: { region: { default: 'sh' } },
    embed: [portalUrl],
    elements: {
      [CARD]: {
        ...{ type: 'CardStat', alias: 'sales', frame: { x: 20, y: 20, w: 400, h: 200 } },
        data: { binding: { type: 'topic', topic: 'sales/region={region}' } },
      },
    },
  };
  wall = await startWall({ access: 'closed', adminPassword: PASSWORD }, [screen]);
  await publish('sales/region=sh', 'Shanghai');
  await publish('sales/region=bj', 'Beijing');
});
afterAll(async () => {
  await browser?.close();
  await wall?.close();
  portal?.close();
});

/** The command line on the machine of the server. */
async function tidewall(input: string, ...args: readonly string[]): Promise<string> {
  const env = { TIDEWALL_DATA_DIR: wall.dataDir };
  const run = runTidewall([...args, '--url', wall.url], { env });
  run.write(`${input}\n`);
  run.endInput();
  expect([args, run, (await run.ended).code]).toEqual([args, run, 0]);
  return run.stdout.trim();
}
const publish = (topic: string, value: string) => tidewall('', 'publish', topic, JSON.stringify({ value }));

const idOf = (link: string) => link.split('/').at(-1) ?? '';
const card = '[data-alias=sales]';

test('a link with a password is opened by it, lives, follows variables, and is over for everybody when it is disabled', async () => {
  const link = await tidewall('open sesame', 'shares', 'add', 'hall', '--password', '--name', 'lobby');
  const { page, faults } = await openPage(browser, { width: 1000, height: 600 });
  await page.goto(link);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Show it' }).click();
  await expect.poll(() => page.getByRole('alert').innerText()).toBe('The password is wrong');
  await keepPicture(page, 'share-password');
  await page.getByLabel('Password').fill('open sesame');
  await page.getByRole('button', { name: 'Show it' }).click();
  await expect.poll(() => page.locator(card).innerText()).toContain('Shanghai');
  await publish('sales/region=sh', 'Shanghai, live');
  await expect.poll(() => page.locator(card).innerText()).toContain('Shanghai, live');
  await tidewall('', 'publish', 'screens/hall/variables', '{"region":"bj"}');
  await expect.poll(() => page.locator(card).innerText()).toContain('Beijing');
  await tidewall('', 'publish', 'screens/hall/variables', '{}');
  await expect.poll(() => page.locator(card).innerText()).toContain('Shanghai, live');
  expect(await page.locator('a[href="/"]').count()).toBe(0);
  await keepPicture(page, 'share');
  // Loaded again it asks for no password and is no other view.
  await page.reload();
  await expect.poll(() => page.locator(card).innerText()).toContain('Shanghai, live');
  expect(await tidewall('', 'shares', 'list', 'hall')).toMatch(/ 1 views · password · lobby/);
  const gone = page.getByText('This link leads nowhere');
  await tidewall('', 'shares', 'disable', 'hall', idOf(link));
  await gone.waitFor({ timeout: OUT_MS });
  await keepPicture(page, 'share-gone');
  expect(faults.filter((fault) => !/40[0-9]|WebSocket|429/.test(fault))).toEqual([]);
  await page.context().close();
});

test('what a link fixes neither its address nor a push changes; a signed link whose values were changed opens nothing', async () => {
  await tidewall(KEY_SECRET, 'keys', 'create', '--id', 'links', '--secret-stdin', '--role', 'none');
  const link = await tidewall('', 'shares', 'add', 'hall', '--signed-by', 'links');
  const signed = await tidewall(KEY_SECRET, 'shares', 'sign', idOf(link), '--expires', '1h', '--variable', 'region=bj');
  const { page } = await openPage(browser, { width: 1000, height: 600 });
  await page.goto(`${signed}&region=sh`);
  await expect.poll(() => page.locator(card).innerText()).toContain('Beijing');
  await tidewall('', 'publish', 'screens/hall/variables', '{"region":"sh"}');
  await publish('sales/region=bj', 'Beijing, still');
  await expect.poll(() => page.locator(card).innerText()).toContain('Beijing, still');
  await page.context().close();
  const { page: forged } = await openPage(browser);
  await forged.goto(signed.replace('region=bj', 'region=sh'));
  await forged.getByText('This link leads nowhere').waitFor();
  await forged.goto(link);
  await forged.getByText('This link leads nowhere').waitFor();
  await tidewall('', 'publish', 'screens/hall/variables', '{}');
  await forged.context().close();
});

test('a shared screen is shown in the page of another site that the screen names, without a cookie', async () => {
  const link = await tidewall('', 'shares', 'add', 'hall');
  const { page } = await openPage(browser, { width: 1000, height: 600 });
  await page.goto(`${portalUrl}/?src=${encodeURIComponent(link)}`);
  const shown = page.frameLocator('iframe').locator(card);
  await expect.poll(() => shown.innerText()).toContain('Shanghai');
  expect(await page.context().cookies()).toEqual([]);
  await page.context().close();
});
