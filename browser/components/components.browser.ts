import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launchBrowser } from '@tidewall/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Harness, Trial } from './harness/page.ts';
import { type ServedPage, servePage } from './harness/serve-page.contract.ts';
import { DEEP, PAPER } from './harness/themes.ts';

/*
 * The contract of every component, held by every folder: the suite loops over what is there. It builds the components as
 * they ship, and draws them in a real browser.
 */

const HERE = import.meta.dirname;
const PICTURES = join(HERE, '../../e2e/output/components');
const TYPES = readdirSync(HERE).filter((name) => /^[A-Z]/.test(name));

/** Compressed sizes that a chunk may have, in KiB. */
const BUDGETS = { echarts: 190, uplot: 26, component: 9 };
/** Drawing of 10⁵ rows may take this long: it happens once, and the machine may be slow. */
const MANY_ROWS_MS = 1500;

/** For the pictures to look at: more of what a component can do than its defaults show. */
const PICTURE_PROPS: Record<string, Record<string, unknown>> = {
  TextTitle: { text: '潮屏 · 电商实时大屏', subtitle: 'LIVE SHOP' },
  CardStat: { deltaLabel: '较昨日' },
  ChartColumnBasic: { valueLabels: true },
  ChartTimeStream: { format: 'percent', decimals: 1 },
  TableScroll: {
    columns: [
      { field: 'product', label: '商品', width: 2 },
      { field: 'category', label: '类目' },
      { field: 'sold', label: '销量', format: 'number', bar: true },
      { field: 'revenue', label: '销售额', format: 'currency', width: 1.2 },
    ],
  },
};

let served: ServedPage;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  served = await servePage();
  browser = await launchBrowser();
  mkdirSync(PICTURES, { recursive: true });
  await open(1);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

afterEach(async () => {
  await dispose();
  expect(complaints.splice(0)).toEqual([]);
});

async function open(deviceScaleFactor: number): Promise<void> {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 3840, height: 2160 }, deviceScaleFactor });
  page = await context.newPage();
  page.on('pageerror', (failure) => complaints.push(failure.message));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
  });
  await page.goto(served.url);
  await page.waitForFunction(() => window.harness !== undefined);
}

async function start(type: string, scale = 1, reducedMotion = true): Promise<{ width: number; height: number }> {
  return page.evaluate(
    async ([type, scale, reducedMotion]) => {
      const { harness } = window;
      const { width, height } = await harness.load(type);
      harness.mount(type, reducedMotion);
      harness.resize(width * scale, height * scale, scale);
      return { width: width * scale, height: height * scale };
    },
    [type, scale, reducedMotion] as const,
  );
}

const update = (trial: Trial): Promise<number> => page.evaluate((trial) => window.harness.update(trial), trial);
const resize = (width: number, height: number, scale: number): Promise<void> =>
  page.evaluate(([width, height, scale]) => window.harness.resize(width, height, scale), [
    width,
    height,
    scale,
  ] as const);
const dispose = (): Promise<ReturnType<Harness['dispose']>> => page.evaluate(() => window.harness.dispose());
const held = (): Promise<ReturnType<Harness['held']>> => page.evaluate(() => window.harness.held());

async function picture({ width, height }: { width: number; height: number }, path?: string): Promise<Buffer> {
  await page.evaluate(() => window.harness.settled());
  const clip = { x: 0, y: 0, width, height };
  return page.screenshot({ clip, ...(path === undefined ? {} : { path: join(PICTURES, path) }) });
}

/** How many pixels a person could tell apart: the browser itself draws the rim of a round corner a shade differently. */
async function difference(one: Buffer, other: Buffer): Promise<number> {
  return page.evaluate(
    async (pictures) => {
      const [a, b] = await Promise.all(
        pictures.map(async (base64) => {
          const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
          const bitmap = await createImageBitmap(blob);
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
        }),
      );
      const differing = new Set<number>();
      a?.forEach((level, at) => {
        if (Math.abs(level - (b?.[at] ?? 0)) > 16) differing.add(at >> 2);
      });
      return differing.size;
    },
    [one.toString('base64'), other.toString('base64')],
  );
}

it('the page loads every folder', async () => {
  expect([...(await page.evaluate(() => window.harness.types))].sort()).toEqual([...TYPES].sort());
  expect(await page.evaluate(() => window.harness.load('Nothing').catch((failure: Error) => failure.message))).toBe(
    'no component Nothing',
  );
});

describe.each(TYPES)('%s', (type) => {
  it('draws its sample, and the same state twice as the same picture', async () => {
    const size = await start(type);
    await update({ type, rows: 'sample', theme: DEEP });
    const first = await picture(size, `${type}.png`);
    await page.evaluate(() => window.harness.again());
    expect(await difference(first, await picture(size))).toBe(0);
  });

  it('takes a new state in place, and comes back to the same picture', async () => {
    const size = await start(type);
    await update({ type, rows: 'sample', theme: DEEP });
    const first = await picture(size);
    await update({ type, rows: 'holes', theme: PAPER, locale: 'en' });
    await picture(size);
    await update({ type, rows: 'sample', theme: DEEP });
    expect(await difference(first, await picture(size))).toBe(0);
  });

  it('shows nothing of what it drew before: scales and widths follow the data', async () => {
    const size = await start(type);
    await update({ type, rows: 'grown', theme: DEEP });
    const fresh = await picture(size, `${type}-grown.png`);
    await dispose();
    await start(type);
    await update({ type, rows: 'sample', theme: DEEP });
    await picture(size);
    await update({ type, rows: 'grown', theme: DEEP });
    expect(await difference(fresh, await picture(size))).toBe(0);
  });

  it('wears each theme and language', async () => {
    const size = await start(type);
    await update({ type, rows: 'sample', theme: PAPER, locale: 'en', props: { panel: 'card' } });
    const paper = await picture(size, `${type}-paper.png`);
    await update({ type, rows: 'sample', theme: DEEP, locale: 'en', props: { panel: 'card' } });
    expect(await difference(paper, await picture(size))).toBeGreaterThan(1000);
  });

  it.each(['none', 'empty', 'holes'] as const)('draws without data: %s', async (rows) => {
    const size = await start(type);
    await update({ type, rows, theme: DEEP });
    await picture(size, `${type}-${rows}.png`);
    expect(await page.evaluate(() => document.body.textContent)).not.toMatch(/NaN|undefined|\[object|Infinity/);
  });

  it('draws 100,000 rows', async () => {
    const size = await start(type);
    expect(await update({ type, rows: 'many', theme: DEEP })).toBeLessThan(MANY_ROWS_MS);
    await picture(size, `${type}-many.png`);
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(1000);
  });

  it('bears a size of nothing, and comes back from it', async () => {
    const size = await start(type);
    await update({ type, rows: 'sample', theme: DEEP });
    const first = await picture(size);
    await resize(0, 0, 1);
    await update({ type, rows: 'sample', theme: DEEP });
    await resize(3, 2, 0.01);
    await update({ type, rows: 'sample', theme: DEEP });
    await resize(size.width, size.height, 1);
    await update({ type, rows: 'sample', theme: DEEP });
    expect(await difference(first, await picture(size))).toBe(0);
  });

  it('opens at a size of nothing', async () => {
    const size = await start(type, 0);
    await update({ type, rows: 'sample', theme: DEEP });
    expect(size.width).toBe(0);
  });

  it('fills a wall of 4K', async () => {
    await start(type);
    await resize(3840, 2160, 2);
    await update({ type, rows: 'sample', theme: DEEP });
    await picture({ width: 3840, height: 2160 });
  });

  it('holds nothing after its end', async () => {
    const live = async (): Promise<void> => {
      const size = await start(type, 1, false);
      await update({ type, rows: 'sample', theme: DEEP });
      await page.mouse.move(size.width / 2, size.height / 2);
      await page.evaluate(() => window.harness.second());
      await resize(size.width / 2, size.height / 2, 0.5);
      await update({ type, rows: 'holes', theme: PAPER });
      await update({ type, rows: 'sample', theme: DEEP });
      // At once, in the midst of whatever moves.
      expect(await dispose()).toEqual({ children: 0, attributes: 0, seconds: 0 });
      await page.mouse.move(0, 0);
      await page.evaluate(() => window.harness.settled());
    };
    // The first life opens what a library keeps for all: one listener for the pixel ratio, say.
    await live();
    const before = await held();
    await live();
    await live();
    expect(await held()).toEqual(before);
    expect(before).toMatchObject({ frames: 0, sheets: 0 });
  });
});

describe('motion', () => {
  const animations = (): Promise<number> => page.evaluate(() => document.getAnimations().length);

  it('a figure pulses when its number changes, and only then', async () => {
    await start('CardStat', 1, false);
    await update({ type: 'CardStat', rows: 'sample', theme: DEEP, data: { value: 1 } });
    expect(await animations()).toBe(0);
    await update({ type: 'CardStat', rows: 'sample', theme: DEEP, data: { value: 2 } });
    expect(await animations()).toBe(1);
    await page.evaluate(() => window.harness.settled());
    await page.evaluate(() => window.harness.again());
    await update({ type: 'CardStat', rows: 'sample', theme: PAPER, data: { value: 2 } });
    expect(await animations()).toBe(0);
  });

  it('nothing moves above 5 Hz', async () => {
    for (const type of ['CardStat', 'Gauge']) {
      await start(type, 1, false);
      await update({ type, rows: 'sample', theme: DEEP, rateHz: 8, data: { value: 1 } });
      await update({ type, rows: 'sample', theme: DEEP, rateHz: 8, data: { value: 90 } });
      expect(await animations(), type).toBe(0);
      await dispose();
    }
  });

  it('an entry that is still there keeps its piece of the page, and a new one slides in', async () => {
    const entries = (ids: number[]) => ids.map((id) => ({ id, t: 1_700_000_000_000 + id, text: `entry ${id}` }));
    await start('EventFeed', 1, false);
    await update({ type: 'EventFeed', rows: 'sample', theme: DEEP, data: entries([1, 2]) });
    await page.evaluate(() => {
      for (const row of document.querySelectorAll('li')) row.dataset['seen'] = row.textContent ?? '';
    });
    await update({ type: 'EventFeed', rows: 'sample', theme: DEEP, data: entries([1, 2, 3]) });
    expect(await animations()).toBeGreaterThan(0);
    await page.evaluate(() => window.harness.settled());
    const rows = await page.evaluate(() =>
      [...document.querySelectorAll('li')]
        .map((row) => ({ top: row.getBoundingClientRect().top, text: row.textContent, seen: row.dataset['seen'] }))
        .sort((a, b) => a.top - b.top)
        .map(({ text, seen }) => [text?.slice(-7), seen?.slice(-7)]),
    );
    expect(rows).toEqual([
      ['entry 3', undefined],
      ['entry 2', 'entry 2'],
      ['entry 1', 'entry 1'],
    ]);
  });

  it('a table turns its pages, begins again after the last, and stands still for a reader', async () => {
    await start('TableScroll');
    const data = Array.from({ length: 23 }, (_, n) => ({ n }));
    await update({ type: 'TableScroll', rows: 'sample', theme: DEEP, data, props: { turnEverySeconds: 2 } });
    const first = () =>
      page.evaluate(() => {
        const view = document.querySelector('[role=rowgroup]') as HTMLElement;
        const top = view.getBoundingClientRect().top;
        const rows = [...view.querySelectorAll<HTMLElement>('[role=row]')];
        return rows.find((row) => Math.abs(row.getBoundingClientRect().top - top) < 1)?.textContent;
      });
    const seconds = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await page.evaluate(() => window.harness.second());
      await page.evaluate(() => window.harness.settled());
    };
    expect(await first()).toBe('0');
    await seconds(1);
    expect(await first()).toBe('0');
    await seconds(1);
    expect(await first()).toBe('9');
    await seconds(2);
    expect(await first()).toBe('14');
    await seconds(2);
    expect(await first()).toBe('0');
    await page.focus('[role=rowgroup]');
    await seconds(4);
    expect(await first()).toBe('0');
    await page.keyboard.press('End');
    await page.waitForFunction(() => {
      const view = document.querySelector('[role=rowgroup]') as HTMLElement;
      return view.scrollTop + view.clientHeight >= view.scrollHeight;
    });
    await page.evaluate(() => window.harness.settled());
    expect(await first()).toBe('14');
    // The reader went away and left the focus behind.
    await seconds(7);
    expect(await first()).not.toBe('14');
  });

  it('a pointer over a chart is told the numbers there, in the colours of their series', async () => {
    const { width, height } = await start('ChartColumnBasic');
    await update({ type: 'ChartColumnBasic', rows: 'sample', theme: DEEP, data: [{ x: '<b>a</b>', y: 42.4 }] });
    await page.evaluate(() => window.harness.settled());
    await page.mouse.move(width / 2 - 1, height / 2);
    await page.mouse.move(width / 2, height / 2);
    await page.waitForFunction(() => document.querySelector('.tw-body b') !== null);
    const told = await page.evaluate(() => {
      const box = document.querySelector('.tw-body b')?.parentElement?.parentElement;
      return [box?.textContent, box?.querySelector('i')?.style.background];
    });
    // Text from outside stays text.
    expect(told).toEqual(['<b>a</b>42', 'rgb(53, 200, 255)']);
  });

  it('new numbers of a chart are merged, and still make the picture that they make alone', async () => {
    const rows = (shift: number) =>
      Array.from({ length: 12 }, (_, i) => ({ x: `c${i}`, y: 40 + ((i * 7 + shift) % 50) }));
    for (const type of ['ChartLineBasic', 'ChartColumnBasic']) {
      const size = await start(type);
      await update({ type, rows: 'sample', theme: DEEP, data: rows(3) });
      const alone = await picture(size);
      await dispose();
      await start(type);
      await update({ type, rows: 'sample', theme: DEEP, data: rows(0) });
      await update({ type, rows: 'sample', theme: DEEP, data: rows(3) });
      expect(await difference(alone, await picture(size)), type).toBe(0);
      await dispose();
    }
  });
});

describe('at two pixels to one', () => {
  beforeAll(() => open(2));

  it.each(TYPES)('%s is crisp', async (type) => {
    const size = await start(type);
    await update({
      type,
      rows: 'sample',
      theme: DEEP,
      props: { ...PICTURE_PROPS[type], title: '实时概览', panel: 'card' },
    });
    await picture(size, `${type}@2x.png`);
    const ratios = await page.evaluate(() =>
      [...document.querySelectorAll('canvas')].map((canvas) => canvas.width / canvas.getBoundingClientRect().width),
    );
    for (const ratio of ratios) expect(ratio).toBeCloseTo(2, 1);
  });
});

describe('size', () => {
  it('stays within the budget, and the libraries load on first use', () => {
    const files = readdirSync(join(served.outDir, 'assets')).filter((name) => name.endsWith('.js'));
    const sizes = files.map((name) => {
      const code = readFileSync(join(served.outDir, 'assets', name));
      return { name, code: code.toString(), kib: gzipSync(code).length / 1024 };
    });
    const heavy = (mark: string) => sizes.filter(({ code }) => code.includes(mark));
    const echarts = heavy('_echarts_instance_');
    const uplot = heavy('u-cursor-pt').filter(({ kib }) => kib > 10);
    expect(echarts).toHaveLength(1);
    expect(uplot).toHaveLength(1);
    expect(echarts[0]?.kib).toBeLessThan(BUDGETS.echarts);
    expect(uplot[0]?.kib).toBeLessThan(BUDGETS.uplot);
    for (const { name, kib } of sizes) {
      if (name !== echarts[0]?.name && name !== uplot[0]?.name) expect(kib, name).toBeLessThan(BUDGETS.component);
    }
    expect(sizes.find(({ name }) => name.startsWith('index'))?.code).not.toContain('_echarts_instance_');
  });
});
