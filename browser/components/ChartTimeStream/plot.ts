import type { Locale, Size, Theme } from '@tidewall/browser-contracts';
import uPlot from 'uplot';
import { fade } from '../color/color.ts';
import { createTickFormat } from '../format/tick-format.ts';
import { CLOCK, CLOCK_SHORT, createTimeFormat } from '../format/time-format.ts';
import { niceTicks, type Ticks } from '../ticks/nice-ticks.ts';
import { TIME_STEPS } from '../ticks/time-ticks.ts';
import type { Props } from './definition.ts';
import type { StreamWindow } from './window.ts';

/** What a plot is made with; another needs a new plot. */
export interface PlotLook {
  readonly props: Props;
  readonly theme: Theme;
  readonly locale: Locale;
  readonly size: Size;
  readonly hair: number;
  readonly colors: readonly string[];
  /** The index under the pointer changed; undefined when it left. */
  hovered(index: number | undefined): void;
}

/** One uPlot. */
export interface Plot {
  draw(window: StreamWindow): void;
  /** Lets go of the pointer until it moves again. */
  release(): void;
  dispose(): void;
}

const FONT_SIZE = 12.5;

/** Opens a plot in `host`. */
export function createPlot(host: HTMLElement, look: PlotLook): Plot {
  const { props, theme, size, colors } = look;
  let window: StreamWindow = { columns: [[]], from: 0, to: 1, low: Number.NaN, high: Number.NaN };
  let axis = valueAxisOf(ticksOf(window, look), look);
  const series = colors.map((color): uPlot.Series => {
    const fill = props.area ? areaOf(color, colors.length) : undefined;
    return {
      stroke: color,
      width: props.lineWidth * size.scale,
      points: { show: false },
      ...(fill === undefined ? {} : { fill }),
    };
  });
  const plot = new uPlot(
    {
      width: size.width,
      height: size.height,
      ms: 1,
      padding: [8 * size.scale, 12 * size.scale, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 7 * size.scale, width: 0, fill: (_plot, at) => colors[at - 1] ?? theme.accent },
      },
      scales: {
        x: { time: true, auto: false, range: () => [window.from, window.to] },
        y: { auto: true, range: () => [axis.ticks.min, axis.ticks.max] },
      },
      series: [{}, ...series],
      axes: [timeAxis(look), valueAxis(look, () => axis)],
      hooks: {
        setCursor: [({ cursor }) => look.hovered(cursor.idx ?? undefined)],
        draw: [(drawn) => drawNewest(drawn, colors, size.scale)],
      },
    },
    undefined,
    host,
  );
  return {
    draw(next) {
      window = next;
      const ticks = ticksOf(next, look);
      if (JSON.stringify(ticks) !== JSON.stringify(axis.ticks)) axis = valueAxisOf(ticks, look);
      plot.setData(next.columns as uPlot.AlignedData, true);
    },
    release: () => plot.setCursor({ left: -10, top: -10 }),
    dispose: () => plot.destroy(),
  };
}

function timeAxis(look: PlotLook): uPlot.Axis {
  const { theme, size, props, locale } = look;
  const seconds = createTimeFormat(CLOCK, locale, props.timeZone);
  const minutes = createTimeFormat(CLOCK_SHORT, locale, props.timeZone);
  const days = createTimeFormat({ month: '2-digit', day: '2-digit' }, locale, props.timeZone);
  return {
    stroke: theme.text[2],
    font: fontOf(size.scale, theme),
    size: 28 * size.scale,
    gap: 8 * size.scale,
    space: 96 * size.scale,
    incrs: [...TIME_STEPS],
    grid: { show: false },
    ticks: { show: false },
    border: { show: true, stroke: fade(theme.text[3], 0.5), width: look.hair },
    values: (plot, times, _axis, _space, step) => {
      const text = step >= 86_400_000 ? days : step >= 60_000 ? minutes : seconds;
      // A label that would be cut off at an edge says nothing: its line on the grid stays.
      return times.map((time) => (isInside(plot, time, text(time), size.scale, theme) ? text(time) : ''));
    },
  };
}

function valueAxis(look: PlotLook, axis: () => ValueAxis): uPlot.Axis {
  const { theme, size } = look;
  return {
    stroke: theme.text[2],
    font: fontOf(size.scale, theme),
    gap: 8 * size.scale,
    size: (plot, texts) => widthOf(plot, texts, size.scale, theme),
    splits: () => [...axis().ticks.values],
    values: () => axis().texts,
    grid: { stroke: fade(theme.text[3], 0.2), width: look.hair },
    ticks: { show: false },
    border: { show: false },
  };
}

function ticksOf({ low, high }: StreamWindow, { props, size }: PlotLook) {
  return niceTicks({
    low,
    high,
    min: props.min,
    max: props.max,
    count: Math.max(2, Math.min(6, Math.round(size.height / size.scale / 52))),
    binary: props.format === 'bytes',
  });
}

/** The lines of the value axis and their words. */
interface ValueAxis {
  readonly ticks: Ticks;
  readonly texts: string[];
}

function valueAxisOf(ticks: Ticks, { props, locale }: PlotLook): ValueAxis {
  const format = createTickFormat(props, locale, ticks.values);
  return { ticks, texts: ticks.values.map((tick) => format.text(tick)) };
}

/** Whole pixels: uPlot multiplies them by the pixel ratio, and reads no fraction. */
function fontOf(scale: number, theme: Theme): string {
  return `${Math.round(FONT_SIZE * scale)}px ${theme.fontNumber}`;
}

function widthOf(plot: uPlot, texts: string[] | null, scale: number, theme: Theme): number {
  const longest = (texts ?? []).reduce((a, b) => (b.length > a.length ? b : a), '');
  plot.ctx.font = fontOf(scale * devicePixelRatio, theme);
  return Math.ceil(plot.ctx.measureText(longest).width / devicePixelRatio + 10 * scale);
}

/** Whether a label centred on its time lies within the canvas. */
function isInside(plot: uPlot, time: number, text: string, scale: number, theme: Theme): boolean {
  const centre = plot.bbox.left / devicePixelRatio + plot.valToPos(time, 'x');
  plot.ctx.font = fontOf(scale * devicePixelRatio, theme);
  const half = plot.ctx.measureText(text).width / devicePixelRatio / 2;
  return centre - half >= 0 && centre + half <= plot.width;
}

/** The area below a line, softer where several lie over each other; the gradient is made anew only with the plot's size. */
function areaOf(color: string, count: number): (plot: uPlot) => CanvasGradient {
  const strength = count > 2 ? 0.12 : count > 1 ? 0.22 : 0.32;
  let made: { readonly top: number; readonly height: number; readonly fill: CanvasGradient } | undefined;
  return ({ ctx, bbox: { top, height } }) => {
    if (made?.top === top && made.height === height) return made.fill;
    const fill = ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, fade(color, strength));
    fill.addColorStop(1, fade(color, 0));
    made = { top, height, fill };
    return fill;
  };
}

/** A dot on the newest value of each series: where the picture is growing. */
function drawNewest(plot: uPlot, colors: readonly string[], scale: number): void {
  const { ctx, data } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  colors.forEach((color, index) => {
    const column = data[index + 1];
    const last = (column?.length ?? 0) - 1;
    const value = column?.[last];
    const time = data[0][last];
    if (typeof value !== 'number' || time === undefined) return;
    const x = plot.valToPos(time, 'x', true);
    const y = plot.valToPos(value, 'y', true);
    for (const [radius, fill] of [
      [6, fade(color, 0.28)],
      [3, color],
    ] as const) {
      ctx.beginPath();
      ctx.arc(x, y, radius * scale * ratio, 0, 2 * Math.PI);
      ctx.fillStyle = fill;
      ctx.fill();
    }
  });
  ctx.restore();
}
