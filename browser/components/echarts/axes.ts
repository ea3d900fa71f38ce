import type { Locale, Theme } from '@tidewall/browser-contracts';
import { fade } from '../color/color.ts';
import type { NumberFormat } from '../format/number-format.ts';
import {
  CLOCK,
  CLOCK_SHORT,
  createTimeFormat,
  DAY_SHORT,
  type TimeFormat,
  zoneOffsetMs,
} from '../format/time-format.ts';
import type { Ticks } from '../ticks/nice-ticks.ts';
import { timeTicks } from '../ticks/time-ticks.ts';
import type { ChartOption } from './chart.ts';
import { tooltipContent } from './tooltip.ts';
import type { Places, XType } from './xy-data.ts';

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
  /** The ends of an axis of times or numbers. */
  readonly places: Places;
  /** Categories have room of their own between the lines of the axis. */
  readonly bands: boolean;
  readonly timeZone: string;
  /** How numbers are written: those of the data, and those at the axis. */
  readonly values: NumberFormat;
  readonly tickValues: NumberFormat;
  readonly times: TimeFormat;
  readonly legendShape: 'line' | 'block';
}

/** Axes, grid and tooltip: few soft lines, no boxes, so that the data is what is seen. */
export function frameOption(look: FrameLook): ChartOption {
  const { theme, scale, hair, ticks, xType, values } = look;
  const { left, right, top, bottom, band, room } = gridOf(look);
  const label = {
    color: theme.text[2],
    fontSize: Math.round(FONT_SIZE * scale * 10) / 10,
    fontFamily: theme.fontNumber,
  };
  const line = { color: fade(theme.text[3], 0.5), width: hair };
  const shared = { axisTick: { show: false }, splitLine: { show: false }, axisLine: { lineStyle: line } };
  const below = { ...label, margin: 10 * scale };
  const xAxis: NonNullable<ChartOption['xAxis']> =
    xType === 'category'
      ? {
          type: 'category',
          data: [...look.categories],
          boundaryGap: look.bands,
          ...shared,
          axisLabel: {
            ...below,
            interval: labelStep(look, band) - 1,
            formatter: (value: string | number) => categoryText(value, look),
          },
        }
      : {
          type: 'value',
          ...endsOf(look),
          ...shared,
          axisLabel: { ...below, ...placeLabels(look, room) },
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
      axisLabel: { ...label, margin: 10 * scale, formatter: (value: number) => look.tickValues.text(value) },
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

/** What of the axis below goes with the data: the rest of the frame stays while only numbers and places change. */
export function movedAxis(look: FrameLook): NonNullable<ChartOption['xAxis']> {
  const { band, room } = gridOf(look);
  if (look.xType !== 'category') return { ...endsOf(look), axisLabel: placeLabels(look, room) };
  return { data: [...look.categories], axisLabel: { interval: labelStep(look, band) - 1 } };
}

/**
 * The room for the lines and columns, in CSS pixels. Bands of categories are a whole number of the screen's pixels wide,
 * so that the edges of columns are crisp; what is left over is shared by both sides.
 */
export function gridOf(look: FrameLook) {
  const { ticks, tickValues, scale, width, xType, bands, categories, places, ratio } = look;
  const widest = Math.max(0, ...ticks.values.map((value) => textWidth(tickValues.text(value))));
  const left = Math.ceil((widest * FONT_SIZE + 12) * scale);
  const right = Math.ceil(12 * scale);
  const count = !bands ? 1 : xType === 'category' ? Math.max(1, categories.length) : bandsOf(places);
  const room = Math.max(0, width - left - right);
  const exact = room / count;
  // Bands of a pixel or two would lose too much of the width to this.
  const band = exact * ratio < 8 ? exact : Math.floor(exact * ratio) / ratio;
  const spare = room - band * count;
  const before = Math.floor((spare / 2) * ratio) / ratio;
  return {
    left: left + before,
    right: right + spare - before,
    top: Math.ceil(10 * scale),
    bottom: Math.ceil(28 * scale),
    band,
    room,
  };
}

/** On an axis of times or numbers marks with a width have half a band before the first and after the last of them. */
function endsOf({ bands, places }: FrameLook) {
  if (!bands || Number.isNaN(places.first)) return { min: 'dataMin' as const, max: 'dataMax' as const };
  const half = Number.isFinite(places.step) ? places.step / 2 : 0.5;
  return { min: places.first - half, max: places.last + half };
}

function bandsOf({ first, last, step }: Places): number {
  return Number.isFinite(step) ? (last - first) / step + 1 : 1;
}

function placeText(value: string | number, look: FrameLook): string {
  if (look.xType === 'time') return look.times(value);
  return look.xType === 'category' ? categoryText(value, look) : String(value);
}

function categoryText(value: string | number, look: FrameLook): string {
  return typeof value === 'number' && value >= 1e11 ? look.times(value) : String(value);
}

/** Every how manieth category has a label: so that the widest of them, with air, does not touch the next. */
function labelStep(look: FrameLook, band: number): number {
  const { categories, scale, bands } = look;
  const step = bands ? band : band / Math.max(1, categories.length - 1);
  // The first thousand say how wide they are; a look at all of 10⁵ would cost more than a label cut short.
  const widest = categories.slice(0, 1000).reduce<number>((most, category) => {
    return Math.max(most, textWidth(categoryText(category, look)));
  }, 1);
  return Math.max(1, Math.ceil(((Math.min(widest, 16) * FONT_SIZE + 16) * scale) / Math.max(step, 1e-6)));
}

/** Labels of an axis of times or numbers. */
function placeLabels(look: FrameLook, room: number) {
  const { xType, places, scale, locale, timeZone } = look;
  if (xType !== 'time') return { hideOverlap: true, formatter: (value: number) => String(value) };
  const most = Math.max(1, Math.floor(room / (72 * scale)));
  const ticks = timeTicks(places.first, places.last, most, zoneOffsetMs(places.first, timeZone));
  const clock = createTimeFormat(CLOCK, locale, timeZone);
  const short = createTimeFormat(CLOCK_SHORT, locale, timeZone);
  const day = createTimeFormat(DAY_SHORT, locale, timeZone);
  return {
    customValues: ticks,
    // A tick at midnight says the day, any other the time, with seconds only where there are some.
    formatter: (value: number) => {
      const written = clock(value);
      if (written === '00:00:00') return day(value);
      return written.endsWith(':00') ? short(value) : written;
    },
  };
}

/** About as wide as the text, in ems: digits are 0.56, what is not Latin is 1. */
function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += char > '\u2e80' ? 1 : /[.,:]/.test(char) ? 0.3 : 0.58;
  return width;
}
