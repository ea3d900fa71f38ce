import { launchBrowser, type TidewallServer } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from './browser.ts';
import { push, startWall } from './wall-server.ts';

/*
 * A hundred texts that are scripts to whoever takes them for HTML, stored wherever a page shows a text: titles, props, data,
 * names. None may run, none may become an element, and the policy of the page must have nothing to refuse: it is the second
 * wall, and a test that leans on it would not see that the first has fallen.
 */

/** What ends the place in which a text may have been put, and what runs there. `data-x` marks every element that is made. */
const BREAKS = ['', '"><b data-x>', "'><b data-x>", '</title></style></textarea></script><b data-x>'];
const VECTORS = [
  '<script data-x>fired(N)</script>',
  '<script data-x src="data:text/javascript,fired(N)"></script>',
  '<img data-x src=x onerror=fired(N)>',
  '<img data-x src=x onerror="&#102;ired(N)">',
  '<IMG DATA-X SRC=x oNeRrOr=fired(N)>',
  '<img/data-x/src=x/onerror=fired(N)>',
  '<svg data-x onload=fired(N)>',
  '<svg data-x><script>fired(N)</script></svg>',
  '<svg data-x><animate onbegin=fired(N) attributeName=x dur=1s>',
  '<svg data-x><use href="data:image/svg+xml,<svg id=x onload=fired(N)>#x"></svg>',
  '<iframe data-x srcdoc="<script>parent.fired(N)</script>"></iframe>',
  '<iframe data-x src="javascript:parent.fired(N)"></iframe>',
  '<object data-x data="javascript:fired(N)"></object>',
  '<embed data-x src="javascript:fired(N)">',
  '<video data-x><source onerror=fired(N)></video>',
  '<audio data-x src=x onerror=fired(N)>',
  '<details data-x open ontoggle=fired(N)>x</details>',
  '<input data-x autofocus onfocus=fired(N)>',
  '<body data-x onload=fired(N)>',
  '<style data-x>@import "x";*{background:url(x)}</style><p data-x style="animation:x" onanimationstart=fired(N)>',
  '<link data-x rel=stylesheet href=x onerror=fired(N)>',
  '<a data-x href="javascript:fired(N)">x</a><form data-x action="javascript:fired(N)"><button data-x>x</button></form>',
  '<math data-x><mtext><table><mglyph><style><img data-x src=x onerror=fired(N)>',
  '<noscript><p title="</noscript><img data-x src=x onerror=fired(N)>">',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one of the texts
  '{{constructor.constructor("fired(N)")()}}${fired(N)}<%=fired(N)%><x data-x>',
];
const PAYLOADS = BREAKS.flatMap((end) => VECTORS.map((vector) => end + vector)).map((text, n) =>
  text.replaceAll('N', String(n)),
);

const ID = (type: string, n: number) => `${type}_1_0_0_${n}_1700000000000`;
const topicData = (topic: string, more: object = {}) => ({ binding: { type: 'topic', topic, ...more } });
const element = (type: string, n: number, props: object, data?: object) => ({
  [ID(type, n)]: {
    ...{ type, name: PAYLOADS[n % 100], label: PAYLOADS[n % 100], props, ...(data && { data }) },
    frame: { x: (n % 10) * 400, y: Math.floor((n % 100) / 10) * 120, w: 390, h: 118 },
  },
});
const screen = (id: string, n: number, elements: object, height = 1200) => ({
  ...{
    format: 1,
    id,
    meta: { name: PAYLOADS[n], nameEn: PAYLOADS[n], description: PAYLOADS[n], descriptionEn: PAYLOADS[n] },
  },
  ...{ canvas: { width: 4000, height }, pages: [{ name: PAYLOADS[n], layers: Object.keys(elements) }], elements },
});
const each = (make: (text: string, n: number) => object) => Object.assign({}, ...PAYLOADS.map(make)) as object;
const whole = { x: 0, y: 0, w: 3900, h: 4000 };
const filling = (made: Record<string, object>) =>
  Object.fromEntries(Object.entries(made).map(([id, value]) => [id, { ...value, frame: whole }]));

const FIELDS = Object.fromEntries(PAYLOADS.slice(0, 24).map((text) => [text, text]));
/** One screen for each kind of place, and a hundred that are there for their names. */
const PLACES: Record<string, object> = {
  titles: screen(
    'titles',
    0,
    each((text, n) => element('TextTitle', n, { text, subtitle: { zh: text, en: text } })),
  ),
  figures: screen(
    'figures',
    1,
    each((text, n) =>
      element(
        'CardStat',
        n,
        { label: text, unit: text, prefix: text, deltaLabel: text },
        {
          binding: { type: 'static', data: { value: text, label: text, unit: text } },
        },
      ),
    ),
  ),
  gauges: screen(
    'gauges',
    2,
    each((text, n) =>
      element(
        'Gauge',
        n,
        { label: text, unit: text, color: text, thresholds: [{ at: 1, color: text }] },
        {
          binding: { type: 'static', data: { value: 50, label: text } },
        },
      ),
    ),
  ),
  table: screen(
    'table',
    3,
    filling(element('TableScroll', 3, { rowHeight: 34, title: PAYLOADS[2] }, topicData('x/table'))),
    4000,
  ),
  heads: screen(
    'heads',
    4,
    filling(element('TableScroll', 4, { rowHeight: 34, title: PAYLOADS[2] }, topicData('x/heads'))),
    4000,
  ),
  feed: screen(
    'feed',
    5,
    filling(element('EventFeed', 5, { rowHeight: 34, title: PAYLOADS[2] }, topicData('x/feed', { rewind: 200 }))),
    4000,
  ),
  columns: screen(
    'columns',
    6,
    filling(element('ChartColumnBasic', 6, { valueLabels: true, title: PAYLOADS[2] }, topicData('x/columns'))),
    4000,
  ),
  lines: screen(
    'lines',
    7,
    filling(element('ChartLineBasic', 7, { points: true, title: PAYLOADS[2] }, topicData('x/lines'))),
    4000,
  ),
  stream: screen(
    'stream',
    8,
    filling(element('ChartTimeStream', 8, { title: PAYLOADS[2] }, topicData('x/stream'))),
    4000,
  ),
  // What does not fit, and what there is not, is told with what came.
  misfits: screen('misfits', 9, {
    ...element('CardStat', 10, {}, { binding: { type: 'static', data: { value: 1, status: PAYLOADS[2] } } }),
    ...element('ChartColumnBasic', 11, {}, { binding: { type: 'static', data: [{ x: PAYLOADS[2], y: PAYLOADS[6] }] } }),
    ...element('TextTitle', 12, { align: PAYLOADS[2], text: PAYLOADS[3] }),
    [ID('Xnone', 13)]: { type: PAYLOADS[2], frame: { x: 0, y: 0, w: 300, h: 100 } },
  }),
};
const NAMED = PAYLOADS.map((_, n) => screen(`named-${n}`, n, {}));

let browser: Browser;
let wall: TidewallServer;
let page: Page;
const fired: number[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  wall = await startWall({}, [...Object.values(PLACES), ...NAMED] as { id: string }[]);
  const rows = PAYLOADS.map((text, n) => ({
    id: n,
    text,
    level: n % 2 === 0 ? 'warn' : text,
    t: 1_700_000_000_000 + n,
    [text]: text,
  }));
  const sent = [
    await push(
      wall.url,
      'x/table',
      rows.map(({ id, text, level }) => ({ id: String(id), text, level })),
      '?kind=table',
    ),
    await push(wall.url, 'x/heads', [{ ...FIELDS, id: '1' }], '?kind=table'),
    await push(
      wall.url,
      'x/columns',
      PAYLOADS.map((x, y) => ({ x, y, s: PAYLOADS[y % 3] })),
      '?kind=state',
    ),
    await push(
      wall.url,
      'x/lines',
      PAYLOADS.map((x, y) => ({ x, y, s: PAYLOADS[y % 3] })),
      '?kind=state',
    ),
    await push(
      wall.url,
      'x/stream',
      { t: [1, 2], ...Object.fromEntries(PAYLOADS.slice(0, 16).map((text) => [text, [1, 2]])) },
      '?kind=state',
    ),
  ];
  for (const { text, level, t, id } of rows)
    sent.push(await push(wall.url, 'x/feed', { id, t, text, level }, '?kind=log'));
  expect(sent.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  ({ page } = await openPage(browser, { width: 4000, height: 2400 }));
  await page.exposeFunction('fired', (n: number) => void fired.push(n));
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      seen.push(`${effectiveDirective} ${blockedURI}`),
    );
  });
});
afterAll(async () => {
  await wall?.close();
  await browser?.close();
});

/** Nothing ran, nothing became an element, and nothing had to be refused. */
async function expectOnlyText(): Promise<void> {
  const { made, seen } = await page.evaluate(() => ({
    made: [...document.querySelectorAll('[data-x], svg [data-x], script:not([src]), iframe, object, embed')].map(
      (each) => each.outerHTML,
    ),
    seen: (window as unknown as { seen: string[] }).seen,
  }));
  expect(made).toEqual([]);
  expect(seen).toEqual([]);
  expect(fired).toEqual([]);
}

test('the texts do run where they are taken for HTML', async () => {
  expect(new Set(PAYLOADS).size).toBe(100);
  const open = await browser.newPage();
  const ran: number[] = [];
  await open.exposeFunction('fired', (n: number) => void ran.push(n));
  // Each in a document of its own: some take all that follows into themselves.
  await open.evaluate((texts) => {
    for (const text of texts) {
      const frame = document.createElement('iframe');
      frame.srcdoc = `<script>fired = parent.fired</script><div>${text}</div>`;
      document.body.append(frame);
    }
  }, PAYLOADS);
  await expect.poll(() => new Set(ran).size, { timeout: 30_000 }).toBeGreaterThan(50);
  await open.close();
});

test.each(Object.keys(PLACES))('on the screen %s they are texts', async (id) => {
  await page.goto(`${wall.url}/s/${id}`);
  const drawn = page.locator('[data-element]:not([data-state="waiting"])');
  await expect.poll(() => drawn.count(), { timeout: 30_000 }).toBeGreaterThan(0);
  for (const canvas of await page.locator('canvas').all()) {
    const box = await canvas.boundingBox();
    if (box !== null)
      for (const at of [0.2, 0.5, 0.8]) await page.mouse.move(box.x + box.width * at, box.y + box.height / 2);
  }
  // The panel of health shows names, and reasons with what came.
  await page.keyboard.press('?');
  await page.keyboard.press('l');
  if (id === 'titles' || id === 'figures')
    await expect.poll(() => page.locator('main').innerText()).toContain(PAYLOADS[99]);
  if (id === 'table' || id === 'feed')
    await expect.poll(() => page.locator('main').innerText()).toContain(PAYLOADS[60]);
  // What shows nothing but that its props are wrong proves nothing.
  if (id !== 'misfits') expect(await page.locator('main').innerText()).not.toMatch(/Wrong props|属性不正确/);
  await expectOnlyText();
});

test('in the list of screens and of topics they are texts, and so they are in the title of a page', async () => {
  for (const text of ['<img data-x src=x onerror=fired(1)>', '"><svg data-x onload=fired(2)>'])
    await push(wall.url, `x/${encodeURIComponent(text)}`, 1);
  await page.goto(`${wall.url}/?lang=en`);
  await expect.poll(() => page.locator('body').innerText(), { timeout: 30_000 }).toContain(PAYLOADS[99]);
  await expectOnlyText();
  for (const n of [0, 25, 50, 75, 99]) {
    await page.goto(`${wall.url}/s/named-${n}`);
    await expect.poll(() => page.title()).toContain(PAYLOADS[n]);
    await expectOnlyText();
  }
});

test('in an address they are texts', async () => {
  for (const text of PAYLOADS.filter((_, n) => n % 5 === 0)) {
    const part = encodeURIComponent(text);
    for (const path of [
      `/s/${part}`,
      `/s/titles?lang=${part}&theme=${part}#${part}`,
      `/login?next=${part}`,
      `/setup#${part}`,
      `/${part}`,
    ]) {
      await page.goto(`${wall.url}${path}`, { waitUntil: 'load' });
      await expectOnlyText();
    }
  }
  await page.goto(`${wall.url}/login?next=javascript:fired(1)`);
  await expectOnlyText();
});
