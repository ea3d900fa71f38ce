import { createServer, type Server } from 'node:http';
import { freePort, launchBrowser, type TidewallServer } from '@tidewall/testkit';
import Provider from 'oidc-provider';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';
import { pushedScreen } from './screens.ts';
import { startWall } from './wall-server.ts';

/*
 * Signing in by a provider that others wrote, `oidc-provider`, in a browser, with its pages for signing in and consent.
 */

const SECRET = 'a secret & a half: 100 %';
let browser: Browser;
let groups: readonly string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** A provider on that port, with this server as its client. */
async function startProvider(port: number, wall: TidewallServer): Promise<Server> {
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [
      { client_id: 'wall', client_secret: SECRET, redirect_uris: [`${wall.url}/login/corp/callback`] },
      // Without a secret: PKCE alone.
      {
        ...{ client_id: 'public', token_endpoint_auth_method: 'none' },
        redirect_uris: [`${wall.url}/login/open/callback`],
      },
    ],
    claims: { openid: ['sub', 'groups'], profile: ['name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ['only for this test'] },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `${id} of the hall`, groups }),
    }),
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return server;
}

/** What a person does at the provider; it asks for what it does not know yet. */
async function signInThere(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('anything');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

const who = (page: Page) => page.evaluate(async () => (await fetch('/api/session')).json());

describe('a server whose people sign in by a provider', () => {
  let wall: TidewallServer;
  let provider: Server;
  let page: Page;
  let context: BrowserContext;
  let faults: string[];

  beforeAll(async () => {
    const port = await freePort();
    const issuer = `http://localhost:${port}`;
    const more = { issuer, scopes: ['openid', 'profile'], rolesClaim: 'groups', mayGive: ['viewer'] };
    const corp = { ...more, clientId: 'wall', clientSecret: SECRET, label: { zh: '公司账号', en: 'company account' } };
    const oidc = { corp, open: { ...more, clientId: 'public' } };
    wall = await startWall({ passwords: false, oidc }, [pushedScreen]);
    provider = await startProvider(port, wall);
  });
  afterAll(async () => {
    provider?.closeAllConnections();
    provider?.close();
    await wall?.close();
  });
  beforeEach(async () => {
    groups = ['viewer', 'admin'];
    ({ page, faults } = await openPage(browser, { width: 1280, height: 800 }));
    context = page.context();
  });
  afterEach(() => context?.close());

  test('leads a stranger there and back to the screen that was asked for, and out again', async () => {
    await page.goto(`${wall.url}/s/pushed?from=link`);
    await page.waitForURL(/\/login\?next=/);
    const button = page.getByRole('link', { name: 'Sign in with company account' });
    await button.waitFor();
    // It is the only way.
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
    await keepPicture(page, 'login-provider');
    await page.getByRole('button', { name: '中文 (L)' }).click();
    await page.getByRole('link', { name: '使用 公司账号 登录' }).click();
    await signInThere(page, 'ann');
    await page.waitForURL(`${wall.url}/s/pushed?from=link`);
    // Its pages load fonts from far away.
    faults.length = 0;
    await page.locator('[data-alias="answer"]').waitFor();
    // Not an admin, whatever the provider says.
    expect(await who(page)).toMatchObject({ id: 'oidc:corp:ann', name: 'ann of the hall', roles: ['viewer'] });
    // Those of the provider are there as well: a port makes no other site.
    const cookies = (await context.cookies(wall.url)).filter(({ name }) => name.startsWith('tidewall'));
    expect(cookies).toMatchObject([{ name: 'tidewall_session', httpOnly: true, sameSite: 'Lax' }]);
    expect(await page.evaluate(() => document.cookie)).toBe('');

    await page.goto(wall.url);
    await page.getByText('ann of the hall', { exact: true }).waitFor();
    await keepPicture(page, 'home-provider');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${wall.url}/login`);
    expect(await who(page)).toMatchObject({ id: 'anybody' });
    // What a stranger asks for and the end of a link are told there, too.
    expect(faults.filter((fault) => !/401|403|WebSocket/.test(fault))).toEqual([]);
  });

  test('has the roles of the provider from the next sign-in on', async () => {
    await page.goto(`${wall.url}/login`);
    await page.getByRole('link', { name: 'Sign in with company account' }).click();
    await signInThere(page, 'kim');
    await page.waitForURL(`${wall.url}/`);
    groups = [];
    await page.reload();
    expect(await who(page)).toMatchObject({ id: 'oidc:corp:kim', roles: ['viewer'] });
    // The provider knows who that is, and asks nothing.
    await page.goto(`${wall.url}/login/corp`);
    await page.waitForURL(`${wall.url}/`);
    expect(await who(page)).toMatchObject({ id: 'oidc:corp:kim', roles: [] });
  });

  test('takes a client without a secret by PKCE alone', async () => {
    await page.goto(`${wall.url}/login?next=/s/pushed`);
    await page.getByRole('link', { name: 'Sign in with open' }).click();
    await signInThere(page, 'lea');
    await page.waitForURL(`${wall.url}/s/pushed`);
    expect(await who(page)).toMatchObject({ id: 'oidc:open:lea' });
  });

  test('says in words that somebody gave it up, and where it goes on is kept', async () => {
    await page.goto(`${wall.url}/login?next=/s/pushed`);
    await page.getByRole('link', { name: 'Sign in with company account' }).click();
    await page.getByPlaceholder('Enter any login').waitFor();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(/failed=denied/);
    await expect
      .poll(() => page.getByRole('alert').innerText())
      .toBe('company account did not agree to this sign-in. Try again, or ask whoever runs company account.');
    await keepPicture(page, 'login-provider-refused');
    expect(await page.getByRole('link', { name: 'company account' }).getAttribute('href')).toBe(
      `${wall.url}/login/corp?next=%2Fs%2Fpushed`,
    );
  });

  test('takes an answer in the browser alone that began, and once', async () => {
    const led: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/callback?')) led.push(request.url());
    });
    await page.goto(`${wall.url}/login`);
    await page.getByRole('link', { name: 'Sign in with company account' }).click();
    await page.getByPlaceholder('Enter any login').waitFor();
    const tickets = (await context.cookies()).filter(({ name }) => name === 'tidewall_sign_in');
    expect(tickets).toMatchObject([{ path: '/login/corp', httpOnly: true, sameSite: 'Lax' }]);
    // From here on it is another browser.
    await context.clearCookies({ name: 'tidewall_sign_in' });
    await signInThere(page, 'max');
    await page.waitForURL(/failed=elsewhere/);
    await expect
      .poll(() => page.getByRole('alert').innerText())
      .toBe('This sign-in was not begun in this browser, or more than ten minutes ago. Sign in again.');
    expect(await who(page)).toMatchObject({ id: 'anybody' });

    // And now the one that began: the answer was good all the same.
    await context.addCookies(tickets);
    await page.goto(led[0] as string);
    await page.waitForURL(`${wall.url}/`);
    expect(await who(page)).toMatchObject({ id: 'oidc:corp:max' });
    await context.addCookies(tickets);
    await page.goto(led[0] as string);
    await page.waitForURL(/failed=used/);
    await expect.poll(() => page.getByRole('alert').innerText()).toMatch(/was used before, or came too late/);
  });
});
