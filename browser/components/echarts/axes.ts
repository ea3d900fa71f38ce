import type { Locale, Theme } from '@tidewall/browser-contracts';
import { fade } from '../color/color.ts';
import type { NumberFormat } from '../format/number-format.ts';
import { CLOCK, CLOCK_SHORT, createTimeFormat, DAY_SHORT, type TimeFormat } from '../format/time-format.ts';
import type { Ticks } from '../ticks/nice-ticks.ts';
import type { ChartOption } from './chart.ts';
import { tooltipContent } from './tooltip.ts';
import type { XType } from './xy-data.ts';

/** Design pixels of the words at an axis. */
const FONT_SIZE = 12.5;

/** What the axes of a chart are drawn with. */
export interface FrameLook {
  readonly theme: Theme;
  /** CSS pixels of the whole chart. */
  readonly width: number;
  readonly scale: number;
  /** The thinnest crisp line, in CSS pixels. */
  readonly hair: number;
  /** The screen's own pixels a CSS pixel. */
  readonly ratio: number;
  readonly locale: Locale;
  readonly ticks: Ticks;
  readonly xType: XType;
  readonly categories: readonly (string | number)[];
  /** Categories have room of their own between the lines of the axis. */
  readonly bands: boolean;
  readonly timeZone: string;
  readonly values: NumberFormat;
  readonly times: TimeFormat;
  readonly legendShape: 'line' | 'block';
}

/** Axes, grid and tooltip: few soft lines, no boxes, so that the data is what is seen. */
export function frameOption(look: FrameLook): ChartOption {
  const { theme, scale, hair, ticks, xType, values } = look;
  const { left, right, top, bottom } = gridOf(look);
  const label = {
    color: theme.text[2],
    fontSize: Math.round(FONT_SIZE * scale * 10) / 10,
    fontFamily: theme.fontNumber,
  };
  const line = { color: fade(theme.text[3], 0.5), width: hair };
  const shared = { axisTick: { show: false }, splitLine: { show: false }, axisLine: { lineStyle: line } };
  const below = { ...label, margin: 10 * scale, hideOverlap: true };
  const xAxis: NonNullable<ChartOption['xAxis']> =
    xType === 'category'
      ? {
          type: 'category',
          data: [...look.categories],
          boundaryGap: look.bands,
          ...shared,
          axisLabel: { ...below, formatter: (value: string | number) => categoryText(value, look) },
        }
      : {
          type: xType,
          min: 'dataMin',
          max: 'dataMax',
          ...shared,
          axisLabel: {
            ...below,
            formatter: xType === 'time' ? timeTickText(look) : (value: number) => String(value),
          },
        };
  return {
    grid: { left, right, top, bottom },
    xAxis,
    yAxis: {
      type: 'value',
      min: ticks.min,
      max: ticks.max,
      interval: ticks.step,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...label, margin: 10 * scale, formatter: (value: number) => values.text(value) },
      splitLine: { lineStyle: { color: fade(theme.text[3], 0.2), width: hair } },
    },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: fade(theme.groundDeep, 0.94),
      borderColor: theme.line,
      borderWidth: hair,
      padding: [8 * scale, 12 * scale],
      extraCssText: 'box-shadow: none; border-radius: 2px;',
      textStyle: { color: theme.text[1], fontSize: 13 * scale, fontFamily: theme.fontText },
      axisPointer: {
        type: look.bands ? 'shadow' : 'line',
        lineStyle: { color: fade(theme.accent, 0.7), width: hair, type: 'solid' },
        shadowStyle: { color: fade(theme.accent, 0.08) },
      },
      formatter: (hovered) =>
        tooltipContent(hovered, { place: (value) => placeText(value, look), values, scale, shape: look.legendShape }),
    },
  };
}

/**
 * The room for the lines and columns, in CSS pixels. Bands of categories are a whole number of the screen's pixels wide,
 * so that the edges of columns are crisp; what is left over goes to the right.
 */
export function gridOf({ ticks, values, scale, width, xType, bands, categories, ratio }: FrameLook) {
  const widest = Math.max(0, ...ticks.values.map((value) => textWidth(values.text(value))));
  const left = Math.ceil((widest * FONT_SIZE + 12) * scale);
  const right = Math.ceil(12 * scale);
  const count = xType === 'category' && bands ? Math.max(1, categories.length) : 1;
  const room = Math.max(0, width - left - right);
  const exact = room / count;
  // Bands of a pixel or two would lose too much of the width to this.
  const band = exact * ratio < 8 ? exact : Math.floor(exact * ratio) / ratio;
  return {
    left,
    right: right + room - band * count,
    top: Math.ceil(10 * scale),
    bottom: Math.ceil(28 * scale),
    band,
  };
}

function placeText(value: string | number, look: FrameLook): string {
  if (look.xType === 'time') return look.times(value);
  return look.xType === 'category' ? categoryText(value, look) : String(value);
}

function categoryText(value: string | number, look: FrameLook): string {
  return typeof value === 'number' && value >= 1e11 ? look.times(value) : String(value);
}

/** A tick at midnight says the day, any other the time, with seconds only where there are some. */
function timeTickText({ locale, timeZone }: FrameLook): (value: number) => string {
  const clock = createTimeFormat(CLOCK, locale, timeZone);
  const short = createTimeFormat(CLOCK_SHORT, locale, timeZone);
  const day = createTimeFormat(DAY_SHORT, locale, timeZone);
  return (value) => {
    const written = clock(value);
    if (written === '00:00:00') return day(value);
    return written.endsWith(':00') ? short(value) : written;
  };
}

/** About as wide as the text, in ems: digits are 0.56, what is not Latin is 1. */
function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += char > '\u2e80' ? 1 : /[.,:]/.test(char) ? 0.3 : 0.58;
  return width;
}
