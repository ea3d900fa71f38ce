import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launchBrowser, type TidewallServer } from '@tidewall/testkit';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { push, startWall } from './wall-server.ts';

/*
 * A screen in pages of other origins, in a real browser: one that it names, one that it does not, one without an origin.
 */

const CARD = 'CardStat_1_0_0_1_1700000000000';
const EXAMPLE = new URL('../examples/embedding/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

interface Said {
  readonly type: string;
  readonly [member: string]: unknown;
}

let browser: Browser;
let portal: Server;
let stranger: Server;
let wall: TidewallServer;
let context: BrowserContext;
let page: Page;
let refused: string[];

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });

/** Serves the example, and an empty page. */
function servePages(): Promise<Server> {
  const server = createServer(async ({ url = '' }, response) => {
    const [, name = ''] = /^\/embedding\/([\w.-]+)/.exec(url) ?? [];
    response.setHeader('content-type', TYPES[name.split('.').at(-1) ?? ''] ?? 'text/html');
    response.end(
      name === '' ? '<!doctype html><title>empty</title><body></body>' : await readFile(new URL(name, EXAMPLE)),
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const screenOf = (id: string, embed?: string[]) => ({
  ...{ format: 1, id, meta: { name: id }, canvas: { width: 800, height: 450 }, pages: [{ layers: [CARD] }] },
  elements: {
    [CARD]: {
      ...{ type: 'CardStat', alias: 'answer', frame: { x: 0, y: 0, w: 800, h: 450 } },
      data: { binding: { type: 'topic', topic: 'e2e/answer' } },
    },
  },
  ...(embed !== undefined && { embed }),
});

beforeAll(async () => {
  [browser, portal, stranger] = await Promise.all([launchBrowser(), servePages(), servePages()]);
  wall = await startWall({}, [screenOf('hall', [originOf(portal)]), screenOf('inner')]);
  // A screen that shows it has its link.
  await push(wall.url, 'e2e/answer', { value: 42 });
});
afterAll(async () => {
  await wall?.close();
  await browser?.close();
  for (const server of [portal, stranger]) server?.close();
});
beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-US' });
  page = await context.newPage();
  refused = [];
  page.on('console', (line) => {
    if (/frame-ancestors/.test(line.text())) refused.push(line.text());
  });
});
afterEach(() => context.close());

const screenUrl = (id = 'hall') => `${wall.url}/s/${id}`;
const variables = async () => (await (await fetch(`${wall.url}/api/topics/screens/hall/variables`)).json()) as Said;
/** How many publications the variables have had. */
const publications = async () => Number((await variables())['offset'] ?? 0);

/** An empty page of a server, which frames the screen and keeps what it is told. */
async function frameIn(server: Server): Promise<void> {
  await page.goto(originOf(server));
  await page.evaluate((src) => {
    const said: unknown[] = [];
    Object.assign(window, { said });
    addEventListener('message', ({ data, origin }) => said.push({ ...data, from: origin }));
    const frame = document.createElement('iframe');
    frame.src = src;
    document.body.append(frame);
  }, screenUrl());
}

const said = (where: Page | Frame = page) => where.evaluate(() => (window as unknown as { said: Said[] }).said);
const tell = (message: object, where: Page | Frame = page) =>
  where.evaluate((data) => window.frames[0]?.postMessage(data, '*'), message);
/** The frame with the screen, once it has drawn. */
async function drawn(): Promise<Frame> {
  await soon(() => page.frames().some((frame) => frame.url().startsWith(screenUrl()))).toBe(true);
  const frame = page.frames().find((each) => each.url().startsWith(screenUrl())) as Frame;
  await frame.locator('[data-alias="answer"] >> text=42').waitFor({ timeout: 30_000 });
  return frame;
}

/** What a browser does that lets everybody frame: the messages have to be held back by themselves. */
const withoutPolicy = () =>
  context.route(`${wall.url}/s/**`, async (route) => {
    const response = await route.fetch();
    const { 'content-security-policy': _, 'x-frame-options': __, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });

test('the page of the example embeds a screen, sets its variables and hears what happens', async () => {
  await page.goto(`${originOf(portal)}/embedding/index.html?wall=${encodeURIComponent(screenUrl())}`);
  const frame = await drawn();
  await soon(() => page.locator('#state').innerText()).toBe('live');
  await page.selectOption('#city', '北京');
  await soon(async () => (await variables())['data']).toMatchObject({ city: '北京' });
  const lines = () => page.locator('#said').innerText();
  await soon(lines).toContain('"tidewall.variables","v":1,"variables":{"city":"北京"}');
  await frame.locator('[data-alias="answer"]').click();
  await soon(lines).toContain(
    `"tidewall.element","v":1,"event":"click","element":"${CARD}","elementType":"CardStat","alias":"answer"`,
  );
  // What others set is heard, too.
  await fetch(`${wall.url}/api/screens/hall/variables`, { method: 'PATCH', body: '{"city":"上海"}' });
  await soon(() => page.locator('#city').inputValue()).toBe('上海');
  expect(refused).toEqual([]);
});

test('what is asked is answered by its id, and what is wrong with the reason', async () => {
  await frameIn(portal);
  await drawn();
  await soon(said).toContainEqual({ type: 'tidewall.ready', v: 1, screen: 'hall', from: wall.url });
  await tell({ type: 'tidewall.hello', v: 1, id: 'a' });
  await tell({ type: 'tidewall.set', v: 1, id: 'b', variables: { line: 3 } });
  await tell({ type: 'tidewall.set', v: 2, id: 'c', variables: { line: 4 } });
  await tell({ type: 'tidewall.set', v: 1, id: 'd', variables: { line: { deep: true } } });
  await soon(said).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'tidewall.ready', id: 'a' }),
      expect.objectContaining({ type: 'tidewall.done', id: 'b' }),
      expect.objectContaining({ type: 'tidewall.error', id: 'c', code: 'bad_request', message: 'v: must be 1, got 2' }),
      expect.objectContaining({ type: 'tidewall.error', id: 'd', code: 'shape_mismatch' }),
    ]),
  );
  expect((await variables())['data']).toMatchObject({ line: 3 });
});

test('a page that the screen does not name cannot frame it, nor one of another screen', async () => {
  await frameIn(stranger);
  await soon(() => refused.join()).toContain(`frame-ancestors 'self' ${originOf(portal)}`);
  expect(page.frames().map((frame) => frame.url())).not.toContain(screenUrl());
  await page.goto(originOf(portal));
  for (const path of ['/s/inner', '/', '/login', '/setup', '/api/screens', '/s/none']) {
    refused = [];
    await page.evaluate((src) => {
      const frame = document.createElement('iframe');
      frame.src = src;
      document.body.append(frame);
    }, `${wall.url}${path}`);
    await soon(() => refused.length).toBe(1);
    expect(refused[0]).toMatch(/frame-ancestors '(self|none)'"/);
  }
});

test('a page that the screen does not name is not heard and told nothing, even where it could frame it', async () => {
  await withoutPolicy();
  const before = await publications();
  await frameIn(stranger);
  await drawn();
  await tell({ type: 'tidewall.hello', v: 1, id: 1 });
  await tell({ type: 'tidewall.set', v: 1, id: 2, variables: { city: 'stolen' } });
  await tell({ type: 'tidewall.follow', v: 1, id: 3, events: ['status', 'variables'] });
  await settled();
  expect(await said()).toEqual([]);
  expect(await publications()).toBe(before);
});

test('a page without an origin cannot frame it, and is not heard where it could', async () => {
  // A page of its own text has no origin, and is not sandboxed: what it frames has one.
  const html = `<script>said = []; addEventListener('message', ({ data }) => said.push(data));</script><iframe src="${screenUrl()}">`;
  const frameInText = async () => {
    await page.goto(originOf(portal));
    await page.evaluate((text) => {
      const frame = document.createElement('iframe');
      frame.src = `data:text/html,${encodeURIComponent(text)}`;
      document.body.append(frame);
    }, html);
  };
  await frameInText();
  await soon(() => refused.length).toBe(1);
  await withoutPolicy();
  const before = await publications();
  await frameInText();
  await drawn();
  const parent = page.frames().find((frame) => frame.url().startsWith('data:')) as Frame;
  await tell({ type: 'tidewall.set', v: 1, id: 2, variables: { city: 'stolen' } }, parent);
  await settled(parent);
  expect(await said(parent)).toEqual([]);
  expect(await publications()).toBe(before);
});

test('only the page around is heard, not a frame beside the screen nor whoever opened it', async () => {
  const before = await publications();
  await frameIn(portal);
  await drawn();
  // Of the origin that the screen names, but not around it.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const beside = document.createElement('iframe');
        beside.src = location.href;
        beside.onload = resolve;
        document.body.append(beside);
      }),
  );
  const beside = page.frames().find((frame) => frame !== page.mainFrame() && frame.url().startsWith(originOf(portal)));
  const message = { type: 'tidewall.set', v: 1, id: 1, variables: { city: 'stolen' } };
  await beside?.evaluate((data) => window.parent.frames[0]?.postMessage(data, '*'), message);
  const opened = page.waitForEvent('popup');
  await page.evaluate((url) => Object.assign(window, { opened: window.open(url) }), screenUrl());
  await (await opened).locator('[data-alias="answer"] >> text=42').waitFor();
  await page.evaluate((data) => (window as unknown as { opened: Window }).opened.postMessage(data, '*'), message);
  await settled();
  expect(await publications()).toBe(before);
});

test('a flood of messages costs no more than its rate, is told so, and ends with itself', async () => {
  const before = await publications();
  await frameIn(portal);
  await drawn();
  await soon(said).toHaveLength(1);
  await page.evaluate(() => {
    for (let count = 1; count <= 5000; count++) {
      window.frames[0]?.postMessage({ type: 'tidewall.set', v: 1, id: count, variables: { count } }, '*');
    }
  });
  await soon(async () => (await said()).some(({ code }) => code === 'rate_limited')).toBe(true);
  const answers = async () => (await said()).filter(({ type }) => type === 'tidewall.done').length;
  await soon(answers).toBeGreaterThanOrEqual(40);
  const made = (await publications()) - before;
  expect(made).toBeLessThan(400);
  expect((await said()).filter(({ code }) => code === 'rate_limited').length).toBeLessThan(20);
  await soon(async () => {
    await tell({ type: 'tidewall.set', v: 1, id: 'last', variables: { count: -1 } });
    return ((await variables())['data'] as { count?: number }).count;
  }).toBe(-1);
});

/** Until the screen has read a message that the same page has posted after the others, and questions after that are answered. */
async function settled(sender: Page | Frame = page): Promise<void> {
  const frame = await drawn();
  await frame.evaluate(() => {
    const read = new Promise<void>((resolve) => {
      addEventListener('message', ({ data }) => data.marker === true && resolve());
    });
    Object.assign(window, { read });
  });
  await tell({ marker: true }, sender);
  await frame.evaluate(() => (window as unknown as { read: Promise<void> }).read);
  const asked = () => frame.evaluate(async () => (await fetch('/api/session')).status);
  for (let round = 0; round < 20; round++) expect(await asked()).toBe(200);
}
