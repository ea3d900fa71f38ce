import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '@tidewall/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Trial } from './harness/page.ts';
import { type ServedPage, servePage } from './harness/serve-page.contract.ts';
import { DEEP, PAPER } from './harness/themes.ts';

/* What real data does to single components: too long, too large, dead, or ahead of its time; and readers who left. */

const PICTURES = join(import.meta.dirname, '../../e2e/output/components');
/** What the page's clock says. */
const NOW = 1_700_000_307_000;

let served: ServedPage;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  served = await servePage();
  browser = await launchBrowser();
  mkdirSync(PICTURES, { recursive: true });
  page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  await page.goto(served.url);
  await page.waitForFunction(() => window.harness !== undefined);
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
});

afterEach(async () => {
  await page.evaluate(() => window.harness.dispose());
  await page.mouse.move(1199, 799);
});

async function show(
  type: string,
  size: readonly [number, number],
  trial: Partial<Trial> = {},
  reducedMotion = true,
): Promise<void> {
  await page.evaluate(
    async ([type, [width, height], reducedMotion]) => {
      await window.harness.load(type);
      window.harness.mount(type, reducedMotion);
      window.harness.resize(width, height, 1);
    },
    [type, size, reducedMotion] as const,
  );
  await update(type, trial);
}

async function update(type: string, trial: Partial<Trial>): Promise<void> {
  await page.evaluate((trial) => window.harness.update(trial), {
    type,
    rows: 'sample',
    theme: DEEP,
    ...trial,
  } as Trial);
  await page.evaluate(() => window.harness.settled());
}

async function seconds(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await page.evaluate(() => window.harness.second());
}

async function picture(name: string, width: number, height: number): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `odd-${name}.png`), clip: { x: 0, y: 0, width, height } });
}

/** What of these elements is drawn outside of the body, in pixels; the worst. */
const overflow = (selector: string): Promise<number> =>
  page.evaluate((selector) => {
    const body = (document.querySelector('.tw-body') as HTMLElement).getBoundingClientRect();
    const sides = [...document.querySelectorAll(selector)].flatMap((element) => {
      const box = element.getBoundingClientRect();
      if (box.width === 0) return [];
      return [body.left - box.left, box.right - body.right, body.top - box.top, box.bottom - body.bottom];
    });
    return Math.max(...sides);
  }, selector);

const textOf = (selector: string): Promise<string[]> =>
  page.evaluate((selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent ?? ''), selector);

describe('a reader who left', () => {
  const columns = (shift: number) => ({
    t: Array.from({ length: 60 }, (_, i) => NOW - 60_000 + (i + shift) * 1000),
    a: Array.from({ length: 60 }, (_, i) => i + shift),
  });

  it('a stream shows the newest numbers again when its pointer has not moved for five seconds', async () => {
    await show('ChartTimeStream', [600, 300], { data: columns(0) });
    const value = async (): Promise<string | undefined> => (await textOf('.tw-legend-value'))[0];
    expect(await value()).toBe('59');
    await page.mouse.move(290, 150);
    await page.mouse.move(300, 150);
    await page.waitForFunction(() => document.querySelector('.tw-legend-value')?.textContent !== '59');
    await seconds(4);
    await update('ChartTimeStream', { data: columns(1) });
    expect(await value()).not.toBe('60');
    await seconds(1);
    await update('ChartTimeStream', { data: columns(1) });
    expect(await value()).toBe('60');
    await page.mouse.move(310, 150);
    await page.waitForFunction(() => document.querySelector('.tw-legend-value')?.textContent !== '60');
  });

  it('a tooltip closes likewise, and when the theme changes', async () => {
    const told = (visible: boolean) =>
      page.waitForFunction((visible) => {
        const number = document.querySelector('.tw-body b');
        return number?.checkVisibility({ opacityProperty: true, visibilityProperty: true }) === visible;
      }, visible);
    await show('ChartColumnBasic', [560, 340]);
    await page.mouse.move(280, 170);
    await page.mouse.move(282, 170);
    await told(true);
    await seconds(5);
    await told(false);
    await page.mouse.move(290, 170);
    await page.mouse.move(292, 170);
    await told(true);
    await update('ChartColumnBasic', { theme: PAPER });
    await told(false);
  });
});

describe('axes', () => {
  it('columns over numbers stand beside each other, and the first and the last are whole', async () => {
    const data = Array.from({ length: 24 }, (_, x) => ({ x, y: 40 + ((x * 7) % 30) }));
    await show('ChartColumnBasic', [560, 340], { data });
    await picture('hours', 560, 340);
    const runs = await page.evaluate(() => {
      const canvas = document.querySelector('canvas') as HTMLCanvasElement;
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const { data } = context.getImageData(0, canvas.height - 60, canvas.width, 1);
      const widths: number[] = [];
      let run = 0;
      for (let x = 0; x <= canvas.width; x++) {
        const filled = x < canvas.width && (data[x * 4 + 2] ?? 0) > 90 && (data[x * 4 + 3] ?? 0) > 80;
        if (filled) run++;
        else if (run > 0) {
          widths.push(run);
          run = 0;
        }
      }
      return widths;
    });
    expect(runs).toHaveLength(24);
    expect(new Set(runs).size).toBe(1);
  });

  it('keeps its labels when places go from times to numbers', async () => {
    const places = (from: number, step: number) =>
      Array.from({ length: 12 }, (_, i) => ({ x: from + i * step, y: 40 + ((i * 7) % 30) }));
    const ink = () =>
      page.evaluate(() => {
        const canvas = document.querySelector('canvas') as HTMLCanvasElement;
        const context = canvas.getContext('2d') as CanvasRenderingContext2D;
        const { data } = context.getImageData(0, canvas.height - 20, canvas.width, 20);
        return data.filter((level, at) => at % 4 === 3 && level > 0).length;
      });
    await show('ChartLineBasic', [560, 340], { data: places(0, 10) });
    const alone = await ink();
    await update('ChartLineBasic', { data: places(NOW, 60_000) });
    await update('ChartLineBasic', { data: places(0, 10) });
    await picture('times-to-numbers', 560, 340);
    expect(alone).toBeGreaterThan(0);
    expect(await ink()).toBe(alone);
  });

  it('new numbers move without animation at one publication a second', async () => {
    const data = (y: number) => [
      { x: 'a', y },
      { x: 'b', y: 50 },
    ];
    await show('ChartColumnBasic', [560, 340], { data: data(10), rateHz: 1 }, false);
    const drawn = () => page.evaluate(() => document.querySelector('canvas')?.toDataURL());
    await page.evaluate((trial) => window.harness.update(trial), {
      type: 'ChartColumnBasic',
      rows: 'sample',
      theme: DEEP,
      data: data(40),
      rateHz: 1,
    } as const);
    await page.evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))));
    const soon = await drawn();
    await page.evaluate(() => window.harness.settled());
    expect(await drawn()).toBe(soon);
  });

  it('tells huge numbers in little room', async () => {
    const data = [
      { x: 'a', y: -1e21 },
      { x: 'b', y: 1e21 },
    ];
    await show('ChartLineBasic', [300, 200], { data });
    await picture('huge', 300, 200);
  });
});

describe('text that does not fit', () => {
  it.each([
    ['chinese', { value: '设备正在停机检修中请稍候' }, {}],
    ['long-unit', { value: 1_284_600, unit: '千克标准煤当量每万元产值' }, {}],
    ['compact', { value: 12_846_000, unit: '元' }, { format: 'compact', decimals: 1 }],
    ['huge', { value: 123_456_789_012_345, unit: 'kWh' }, { decimals: 2 }],
  ])('a figure stays in its box: %s', async (name, data, props) => {
    for (const [width, height] of [
      [300, 132],
      [160, 90],
    ] as const) {
      await show('CardStat', [width, height], { data, props });
      await picture(`figure-${name}-${width}`, width, height);
      expect(await overflow('.tw-CardStat-value, .tw-CardStat-value > *')).toBeLessThan(1);
      // A number that ends in an ellipsis is another number, and so is one without its 万.
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('.tw-CardStat-value > *')].map(
          (part) => part.scrollWidth > part.clientWidth + 1,
        ),
      );
      expect(cut[1]).toBe(name === 'chinese' && width === 160);
      expect(cut[2]).toBe(name === 'long-unit');
      await page.evaluate(() => window.harness.dispose());
    }
  });

  it.each(['row', 'stack'])('a clock in too little room is smaller, and whole: %s', async (layout) => {
    await show('TimeClock', [220, 40], { props: { layout } });
    await picture(`clock-${layout}`, 220, 40);
    expect(await overflow('.tw-TimeClock-time, .tw-TimeClock-day')).toBeLessThan(1);
  });

  it('a subtitle is whole in a low title', async () => {
    await show('TextTitle', [700, 60], { props: { text: '潮屏', subtitle: 'LIVE SHOP gypq' } });
    await picture('title', 700, 60);
    expect(await overflow('.tw-TextTitle-main, .tw-TextTitle-sub')).toBeLessThan(1);
  });

  it('a legend counts the series that it has no room for', async () => {
    const t = [NOW - 2000, NOW - 1000];
    const names = ['生产线一号', '生产线二号', '生产线三号', '生产线四号', '生产线五号', '生产线六号'];
    const data = { t, ...Object.fromEntries(names.map((name, i) => [name, [i, i + 1]])) };
    await show('ChartTimeStream', [480, 240], { data, props: { title: '产量' } });
    await picture('legend', 480, 240);
    const items = await textOf('.tw-legend-item');
    expect(items.length).toBeGreaterThan(1);
    expect(await textOf('.tw-legend-more')).toEqual([`+${names.length - items.length}`]);
    const cut = await page.evaluate(() => {
      const legend = document.querySelector('.tw-legend') as HTMLElement;
      return legend.scrollWidth - legend.clientWidth;
    });
    expect(cut).toBe(0);
    await page.evaluate(() => window.harness.resize(1200, 240, 1));
    await page.evaluate(() => window.harness.again());
    expect(await textOf('.tw-legend-item')).toHaveLength(6);
    expect(await textOf('.tw-legend-more')).toEqual([]);
  });

  it('a gauge writes its ends as its value, and keeps a long label inside its arc', async () => {
    const props = { format: 'bytes', decimals: 1, max: 16 * 1024 ** 3 };
    const data = { value: 512 * 1024 ** 2, label: '三号车间冷却循环水泵房进水口平均温度传感器' };
    await show('Gauge', [300, 260], { data, props });
    await picture('gauge', 300, 260);
    expect(await textOf('.tw-Gauge-end')).toEqual(['0 B', '16 GiB']);
    // Far below three quarters of 16 GiB.
    expect(
      await page.evaluate(() => document.querySelector<HTMLElement>('.tw-Gauge')?.style.getPropertyValue('--tone')),
    ).toBe(DEEP.accent);
    const [inside, arc] = await page.evaluate(() => {
      const box = (selector: string) => document.querySelector(selector)?.getBoundingClientRect() as DOMRect;
      return [box('.tw-Gauge-label').width, box('.tw-Gauge-track').width];
    });
    expect(inside).toBeLessThan((arc as number) * 0.9);
  });
});

it('a new theme is worn also when it came while there was nothing to draw on', async () => {
  await show('ChartTimeStream', [600, 300]);
  const drawn = () => page.evaluate(() => document.querySelector('canvas')?.toDataURL());
  const deep = await drawn();
  await page.evaluate(() => window.harness.resize(0, 0, 1));
  await update('ChartTimeStream', { theme: PAPER });
  await page.evaluate(() => window.harness.resize(600, 300, 1));
  await page.evaluate(() => window.harness.settled());
  expect(await drawn()).not.toBe(deep);
});
