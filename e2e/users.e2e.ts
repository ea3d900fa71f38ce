import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launchBrowser, runTidewall, type TidewallServer } from '@tidewall/testkit';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepPicture, openPage } from './browser.ts';
import { pushedScreen } from './screens.ts';
import { push, startWall } from './wall-server.ts';

const PASSWORD = 'correct horse battery';
const OUT_MS = 5000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** The command line on the machine of the server, with a password on its input. */
async function runUsers({ url, dataDir }: TidewallServer, ...args: readonly string[]) {
  const run = runTidewall(['users', ...args, '--url', url], { env: { TIDEWALL_DATA_DIR: dataDir } });
  run.write(`${PASSWORD}\n`);
  const { code } = await run.ended;
  return { code, stdout: run.stdout, stderr: run.stderr };
}

describe('a server whose rules decide', () => {
  let wall: TidewallServer;
  beforeAll(async () => {
    wall = await startWall({ access: 'closed', adminPassword: PASSWORD }, [pushedScreen]);
  });
  afterAll(() => wall?.close());

  const users = (...args: readonly string[]) => runUsers(wall, ...args);

  test('leads a stranger to where people sign in, shows the screen then, and a user who is disabled is out at once', async () => {
    expect(await users('add', 'ann', '--role', 'viewer', '--role', 'publisher')).toMatchObject({ code: 0 });
    const { page, faults } = await openPage(browser);
    await page.goto(`${wall.url}/s/pushed?from=link`);
    await page.waitForURL(/\/login\?next=/);
    await page.getByLabel('Password').waitFor();
    await keepPicture(page, 'login');

    await page.getByLabel('User name').fill('ann');
    await page.getByLabel('Password').fill('a wrong password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.getByRole('alert').innerText()).toMatch(/name or the password/);
    await keepPicture(page, 'login-refused');

    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${wall.url}/s/pushed?from=link`);
    const card = page.locator('[data-alias="answer"]');
    await card.waitFor();
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: 'tidewall_session', httpOnly: true, sameSite: 'Lax' }]);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const pushed = await page.evaluate(async () => {
      const { status } = await fetch('/api/screens/pushed/elements/answer/data', {
        method: 'POST',
        body: '{"value":42}',
      });
      return status;
    });
    expect(pushed).toBe(200);
    await expect.poll(() => card.innerText()).toContain('42');

    const before = Date.now();
    expect(await users('disable', 'ann')).toMatchObject({ code: 0 });
    await page.waitForURL(/\/login/, { timeout: OUT_MS });
    expect(Date.now() - before).toBeLessThan(2 * OUT_MS);
    expect(faults.filter((fault) => !/401|WebSocket|403/.test(fault))).toEqual([]);
    await page.context().close();
  });

  test('the way out leads back to where people sign in, and what the cookie was is nothing any more', async () => {
    const context = await signedIn('admin');
    const page = await context.newPage();
    await page.goto(wall.url);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await keepPicture(page, 'home-signed-in');
    const [cookie] = await context.cookies();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${wall.url}/login`);
    const answer = await fetch(`${wall.url}/api/screens/pushed`, {
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(answer.status).toBe(401);
    await context.close();
  });

  async function signedIn(name: string): Promise<BrowserContext> {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${wall.url}/login`);
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${wall.url}/`);
    await page.close();
    return context;
  }

  describe('[A7] a page of another origin, with the cookie of its visitor', () => {
    let other: Server;
    let from: string;
    beforeAll(async () => {
      other = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>elsewhere</p>'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as AddressInfo;
      // Another port is another origin of the same site: the cookie goes along, which SameSite does not hinder.
      from = `http://localhost:${port}`;
    });
    afterAll(() => other?.close());

    test('opens no link, reads no stream and changes nothing; the page of the server does', async () => {
      const context = await signedIn('admin');
      await push(wall.url, 'secret', 1).catch(() => {});
      const attacks = async (base: string) => {
        const ends = <T>(work: Promise<T>) =>
          Promise.race([work, new Promise<string>((resolve) => setTimeout(() => resolve('nothing'), 3000))]);
        const socket = (path: string, ...protocols: string[]) =>
          ends(
            new Promise<string>((resolve) => {
              const ws = new WebSocket(`${base.replace('http', 'ws')}${path}`, protocols);
              ws.onopen = () => resolve('opened');
              ws.onerror = () => resolve('refused');
            }),
          );
        const stream = (path: string) =>
          ends(
            new Promise<string>((resolve) => {
              const source = new EventSource(`${base}${path}`, { withCredentials: true });
              source.onopen = () => resolve('opened');
              source.onerror = () => resolve('refused');
            }),
          );
        const call = (method: string, path: string, body?: string) =>
          ends(
            fetch(`${base}${path}`, { method, credentials: 'include', mode: 'no-cors', ...(body && { body }) }).then(
              ({ status, type }) => (type === 'opaque' ? 'sent' : status < 300 ? 'opened' : 'refused'),
              () => 'refused',
            ),
          );
        return {
          native: await socket('/ws', 'tidewall.v1.json'),
          socketIo: await socket('/socket.io/?EIO=4&transport=websocket'),
          sse: await stream('/sse?topic=written'),
          flask: await stream('/stream'),
          poll: await call('GET', '/poll?topic=written'),
          publish: await call('POST', '/api/topics/written', '1'),
        };
      };
      const elsewhere = await context.newPage();
      await elsewhere.goto(from);
      const foreign = await elsewhere.evaluate(attacks, wall.url);
      expect(foreign).toMatchObject({ native: 'refused', socketIo: 'refused', sse: 'refused', flask: 'refused' });
      const page = await context.newPage();
      await page.goto(wall.url);
      const written = () => page.evaluate(async () => (await fetch('/api/topics/written')).status);
      // What was sent was not carried out.
      expect(await written()).toBe(404);
      const own = await page.evaluate(attacks, wall.url);
      expect(own).toEqual({
        ...{ native: 'opened', socketIo: 'opened', sse: 'opened', flask: 'opened', poll: 'opened', publish: 'opened' },
      });
      expect(await written()).toBe(200);
      await context.close();
    });
  });
});

test('the link of the first start makes the first admin, once; its token stays in no address', async () => {
  const wall = await startWall({ access: 'closed' }, [pushedScreen]);
  try {
    const { stdout } = await runUsers(wall, 'setup');
    const link = stdout.trim();
    expect(link).toMatch(/\/setup#[\w-]{32}$/);
    const { page } = await openPage(browser, { width: 1280, height: 800 });
    await page.goto(link);
    await page.getByLabel('Password').waitFor();
    await expect.poll(() => page.url()).toBe(`${wall.url}/setup`);
    await keepPicture(page, 'setup');
    await page.getByLabel('Password').fill(PASSWORD);
    await page
      .getByRole('button')
      .filter({ hasText: /set up|make/i })
      .click();
    await page.waitForURL(`${wall.url}/`);
    await page.getByText('admin', { exact: true }).waitFor();
    await page.context().close();

    const again = await openPage(browser);
    await again.page.goto(link);
    await again.page.getByLabel('Password').fill('another password');
    await again.page
      .getByRole('button')
      .filter({ hasText: /set up|make/i })
      .click();
    await expect.poll(() => again.page.getByRole('alert').innerText()).toMatch(/not good any more/);
    await again.page.context().close();
  } finally {
    await wall.close();
  }
});
