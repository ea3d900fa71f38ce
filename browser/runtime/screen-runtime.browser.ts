import { screenSchema } from '@tidewall/screen/schema';
import { launchBrowser } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {} from './testing/page.ts';

const START = 1_700_000_000_000;
let server: ViteDevServer;
let browser: Browser;
let page: Page;
let failures: string[];

beforeAll(async () => {
  server = await createServer({
    root: new URL('./testing/', import.meta.url).pathname,
    configFile: false,
    logLevel: 'silent',
    // A page that is reloaded while it is tested tells nothing.
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 960, height: 540 } });
  page = await context.newPage();
  failures = [];
  page.on('pageerror', (failure) => failures.push(failure.message));
  page.on('console', (line) => line.type() === 'error' && failures.push(line.text()));
  await page.goto(server.resolvedUrls?.local[0] ?? '');
  await page.waitForFunction(() => window.wall !== undefined);
});

afterEach(async () => {
  await page.context().close();
});

const idOf = (type: string, n: number) => `${type}_1_0_0_${n}_${START}`;

interface Part {
  readonly type: string;
  readonly topic?: string;
  readonly frame?: object;
  readonly props?: object;
  readonly data?: object;
  readonly expectEveryMs?: number;
}

async function open(parts: readonly Part[], canvas: object = {}, mode: 'screen' | 'thumbnail' = 'screen') {
  const elements = Object.fromEntries(
    parts.map(({ type, topic, frame, props, data, expectEveryMs }, n) => [
      idOf(type, n),
      {
        type,
        frame: { x: n * 400, y: 0, w: 400, h: 200, ...frame },
        props: props ?? {},
        data: data ?? (topic === undefined ? {} : { binding: { type: 'topic', topic } }),
        ...(expectEveryMs === undefined ? {} : { freshness: { expectEveryMs } }),
      },
    ]),
  );
  const screen = screenSchema.parse({
    format: 1,
    id: 'test',
    meta: { name: 'test' },
    canvas: { width: 1920, height: 1080, ...canvas },
    pages: [{ layers: Object.keys(elements) }],
    elements,
  });
  // As text: the checked type of a screen is too deep to be mapped through `evaluate`.
  const text = JSON.stringify(screen);
  await page.evaluate(([document, how]) => window.wall.open(JSON.parse(document), how), [text, mode] as const);
  await frames();
}

async function frames() {
  // An IntersectionObserver reports after the first frame, and a component is fetched after that.
  for (let i = 0; i < 3; i++) await page.evaluate(() => window.wall.frames());
}

async function publish(topic: string, value: unknown) {
  await page.evaluate(
    ([name, data]) => {
      window.wall.reader.time = Date.now();
      window.wall.reader.publish(name, data as never);
    },
    [topic, value] as const,
  );
  await frames();
}

const element = (type: string, n: number) => page.locator(`[data-element="${idOf(type, n)}"]`);
const textOf = (type: string, n: number) => element(type, n).locator('p').textContent();

test('a screen lies in real pixels, without a transform, at any size of the window', async () => {
  await open([{ type: 'Good', topic: 'a', frame: { x: 101, y: 51, w: 333, h: 77 } }]);
  for (const [width, height, scale] of [
    [960, 540, 0.5],
    [1366, 768, 768 / 1080],
    [3840, 2160, 2],
  ] as const) {
    await page.setViewportSize({ width, height });
    await frames();
    const box = await element('Good', 0).evaluate((node) => {
      const { left, top, right, bottom } = node.getBoundingClientRect();
      return { left, top, right, bottom, transform: getComputedStyle(node).transform };
    });
    expect(box.transform).toBe('none');
    expect(box.left).toBe(Math.round(101 * scale));
    expect(box.right).toBe(Math.round((101 + 333) * scale));
    const size = await page.evaluate(() => window.wall.seen.sizes['Good']);
    expect(size).toEqual({ width: box.right - box.left, height: box.bottom - box.top, scale });
  }
});

test('a component is updated once a frame, with the newest', async () => {
  await open([{ type: 'Good', topic: 'a' }]);
  await publish('a', 1);
  const counts = await page.evaluate(async () => {
    const before = window.wall.seen.updates['Good'] ?? 0;
    for (let i = 0; i <= 200; i++) window.wall.reader.publish('a', i);
    await window.wall.frames();
    return (window.wall.seen.updates['Good'] ?? 0) - before;
  });
  expect(counts).toBe(1);
  expect(await textOf('Good', 0)).toBe('{"value":200} deep-sea en');
});

test('two elements of one topic show the same', async () => {
  await open([
    { type: 'Good', topic: 'a' },
    { type: 'Good', topic: 'a' },
  ]);
  await publish('a', 5);
  expect(await textOf('Good', 0)).toBe(await textOf('Good', 1));
});

describe('what fails, fails in its own frame', () => {
  test('a component that throws shows why, and the others go on', async () => {
    await open([
      { type: 'Fragile', topic: 'a' },
      { type: 'Good', topic: 'a' },
    ]);
    await publish('a', 'fine');
    await publish('a', 'boom');
    expect(await element('Fragile', 0).locator('[data-part=notice]').textContent()).toContain('cannot draw boom');
    expect(await textOf('Good', 1)).toContain('boom');
    await publish('a', 'fine again');
    expect(await textOf('Good', 1)).toContain('fine again');
    const health = await page.evaluate(() => window.wall.runtime.health());
    expect(health.map(({ problem }) => problem)).toEqual(['Component failed: Fragile', undefined]);
  });

  test('an unknown type names the nearest there is', async () => {
    await open([{ type: 'Goood' }, { type: 'Good', topic: 'a' }]);
    await publish('a', 1);
    const notice = await element('Goood', 0).locator('[data-part=notice]').textContent();
    expect(notice).toContain('No such component: Goood');
    expect(notice).toContain('Nearest are: Good');
    expect(await textOf('Good', 1)).toContain('1');
  });

  test('a wrong prop is named', async () => {
    await open([{ type: 'Good', topic: 'a', props: { title: 5 } }]);
    expect(await element('Good', 0).locator('[data-part=notice]').textContent()).toContain('props.title');
  });

  test('code that does not load is fetched again when the link is back', async () => {
    await page.evaluate(() => {
      window.wall.offline = true;
    });
    await open([{ type: 'Good', topic: 'a' }]);
    expect(await element('Good', 0).locator('[data-part=notice]').textContent()).toContain('failed to fetch');
    await page.evaluate(() => {
      window.wall.offline = false;
      window.wall.reader.setStatus({ type: 'live', session: 's2', since: 0, recovered: true });
    });
    await publish('a', 7);
    expect(await textOf('Good', 0)).toContain('7');
  });
});

test('code that does not load is fetched again while the link is up', async () => {
  await page.evaluate(() => {
    window.wall.offline = true;
  });
  await open([{ type: 'Good', topic: 'a' }]);
  await page.evaluate(() => {
    window.wall.offline = false;
  });
  await publish('a', 7);
  await element('Good', 0).locator('p').waitFor({ timeout: 10_000 });
  expect(await page.evaluate(() => window.wall.seen.loads)).toEqual(['Good', 'Good']);
  await frames();
  expect(await textOf('Good', 0)).toContain('7');
});

describe('freshness', () => {
  test('a topic that is void leaves no picture', async () => {
    await open([{ type: 'Good', topic: 'a' }]);
    await publish('a', 3);
    await publish('a', undefined);
    expect(await textOf('Good', 0)).toContain('null');
    expect(await element('Good', 0).getAttribute('data-state')).toBe('waiting');
  });

  test('data that does not fit leaves the last picture, marked', async () => {
    await open([{ type: 'Good', topic: 'a' }]);
    await publish('a', 3);
    await publish('a', { wrong: 1 });
    expect(await textOf('Good', 0)).toContain('{"value":3}');
    const badge = element('Good', 0).locator('[data-part=badge]');
    expect(await badge.textContent()).toBe('does not fit .value');
    expect(await badge.getAttribute('title')).toBe('at .value: expected a number, a string or null, got nothing');
    expect(await element('Good', 0).getAttribute('data-mismatch')).toBe('.value');
    await publish('a', 4);
    expect(await badge.isVisible()).toBe(false);
  });

  test('an element turns late and stale while the link is down, and comes back', async () => {
    await open([{ type: 'Good', topic: 'a' }]);
    const setLink = (up: boolean, time: number) =>
      page.evaluate(
        async ([live, now]) => {
          const { reader } = window.wall;
          reader.time = now;
          reader.setStatus(
            live
              ? { type: 'live', session: 's', since: now, recovered: true }
              : { type: 'waiting', attempt: 0, retryAt: now, retryAfterMs: 0, reason: 'cut' },
          );
          await window.wall.frames();
        },
        [up, time] as const,
      );
    await page.evaluate((now) => {
      const { reader } = window.wall;
      reader.time = now;
      reader.replica('a').freshness = { state: 'ok', asOf: now, expectEveryMs: 1000 };
      reader.publish('a', 1);
    }, START);
    await frames();
    await setLink(true, START);
    const root = element('Good', 0);
    expect(await root.getAttribute('data-state')).toBe('ok');
    await setLink(false, START + 3000);
    expect(await root.getAttribute('data-state')).toBe('late');
    expect(await root.getAttribute('data-reason')).toBe('cut');
    expect(await root.locator('[data-part=badge]').textContent()).toBe('late 3 s');
    await setLink(false, START + 12_000);
    expect(await root.getAttribute('data-state')).toBe('stale');
    await setLink(true, START + 13_000);
    expect(await root.getAttribute('data-state')).toBe('ok');
  });

  test('a source that fails shows its reason', async () => {
    await open([{ type: 'Good', topic: 'a' }]);
    await page.evaluate(() => {
      const { reader } = window.wall;
      reader.replica('a').freshness = { state: 'failed', asOf: 0, reason: 'no such file: stock.csv' };
      reader.tell('a');
    });
    await frames();
    expect(await element('Good', 0).locator('[data-part=badge]').textContent()).toBe(
      'source failed · no such file: stock.csv',
    );
  });
});

test('theme and language switch live, and an unknown theme is refused with the names there are', async () => {
  await open([{ type: 'Good', topic: 'a' }]);
  await publish('a', 1);
  await page.evaluate(() => {
    window.wall.runtime.setTheme('amber');
    window.wall.runtime.setLocale('zh');
  });
  await frames();
  expect(await textOf('Good', 0)).toBe('{"value":1} amber zh');
  const refused = await page.evaluate(() => {
    try {
      window.wall.runtime.setTheme('pink');
      return '';
    } catch (failure) {
      return String(failure);
    }
  });
  expect(refused).toContain('RangeError: no theme "pink"; there are deep-sea, jade');
});

test('what cannot be seen is neither fetched nor followed until it is scrolled into view', async () => {
  await open(
    [
      { type: 'Plain', frame: { y: 0 } },
      { type: 'Good', topic: 'far', frame: { x: 0, y: 4000 } },
    ],
    { height: 5000, fit: 'width' },
  );
  expect(await page.evaluate(() => [window.wall.seen.loads, window.wall.reader.follows.length])).toEqual([
    ['Plain'],
    0,
  ]);
  await element('Good', 1).scrollIntoViewIfNeeded();
  await frames();
  expect(await page.evaluate(() => window.wall.reader.follows.length)).toBe(1);
});

test('a thumbnail draws on the second, without badges or the ticks of motion', async () => {
  await open([{ type: 'Good', topic: 'a' }], {}, 'thumbnail');
  await publish('a', 1);
  const updates = await page.evaluate(async () => {
    const before = window.wall.seen.updates['Good'] ?? 0;
    const end = performance.now() + 1500;
    while (performance.now() < end) {
      window.wall.reader.publish('a', Math.random());
      await window.wall.frames();
    }
    return (window.wall.seen.updates['Good'] ?? 0) - before;
  });
  expect(updates).toBeGreaterThanOrEqual(1);
  expect(updates).toBeLessThanOrEqual(2);
});

test('a page that nobody could see, and that was sent less, is not called stale for that when it is seen again', async () => {
  const expectEveryMs = 400;
  await open([{ type: 'Good', data: { binding: { type: 'topic', topic: 'a' } }, expectEveryMs }]);
  await publish('a', 1);
  await frames();
  const state = await page.evaluate(async () => {
    const show = (hidden: boolean) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    };
    show(true);
    // As long as a slow page may hear nothing.
    await new Promise((done) => setTimeout(done, 1_500));
    show(false);
    await window.wall.frames();
    return document.querySelector<HTMLElement>('[data-element]')?.dataset['state'];
  });
  expect(state).toBe('ok');
});

test('nothing outlives dispose', async () => {
  await open([{ type: 'Good', topic: 'a' }, { type: 'Plain' }, { type: 'Fragile', topic: 'b' }]);
  await publish('a', 1);
  const left = await page.evaluate(async () => {
    const { wall } = window;
    wall.runtime.dispose();
    wall.runtime.dispose();
    const { ticks } = wall.seen;
    wall.reader.publish('a', 2);
    await new Promise((done) => setTimeout(done, 1200));
    return {
      html: document.getElementById('root')?.innerHTML,
      held: wall.reader.held,
      mounted: wall.seen.mounted,
      ticked: wall.seen.ticks - ticks,
    };
  });
  expect(left).toEqual({ html: '', held: 0, mounted: 0, ticked: 0 });
});

afterEach(() => {
  // The page runs under a policy without inline styles or scripts: a violation would be an error here.
  expect(failures).toEqual([]);
});
