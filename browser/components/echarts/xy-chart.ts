import type { ComponentServices, ComponentState, MountedComponent, Theme } from '@tidewall/browser-contracts';
import { colorOf } from '../color/color.ts';
import { createNumberFormat, type NumberFormat } from '../format/number-format.ts';
import { createTickFormat } from '../format/tick-format.ts';
import { CLOCK, createTimeFormat, type TimeFormat } from '../format/time-format.ts';
import { createAttention } from '../panel/attention.ts';
import { hairLine, type Panel } from '../panel/panel.ts';
import { textOf } from '../text/text.ts';
import { niceTicks, type Ticks } from '../ticks/nice-ticks.ts';
import { type FrameLook, frameOption, gridOf, movedAxis } from './axes.ts';
import { createChart, type SeriesOption } from './chart.ts';
import { groupRows, type XType, type XyData, type XySeries } from './xy-data.ts';
import type { XyProps } from './xy-props.ts';

/**
 * Animation is off from either on: ECharts draws whole frames while it lasts, which is for rare news, and not for a wall
 * that changes each second.
 */
const CALM_HZ = 0.5;
const CALM_POINTS = 1000;

/** What a series is drawn with. */
export interface SeriesLook<Props> {
  readonly props: Props;
  readonly theme: Theme;
  readonly scale: number;
  readonly color: string;
  readonly data: XyData;
  readonly values: NumberFormat;
  /** CSS pixels that a category has. */
  readonly band: number;
  /** The screen's own pixels a CSS pixel. */
  readonly ratio: number;
}

/** What tells one kind of XY chart from another. */
export interface XyChartKind<Props> {
  readonly legendShape: 'line' | 'block';
  /**
   * The length of a mark is its number, as with columns: the axis holds zero, and marks stand in bands. A line is a place,
   * and its axis may begin where the data does.
   */
  readonly lengths: boolean;
  /** More points than this change how a series looks. */
  readonly manyPoints: number;
  /** Everything of a series but its data. */
  series(series: XySeries, look: SeriesLook<Props>): SeriesOption;
}

/**
 * A chart of XY rows. The whole option is given only when something but the numbers changed; new numbers are one
 * `setOption` with the data of the series, by id.
 */
export function createXyChart<Props extends XyProps>(
  panel: Panel,
  services: ComponentServices,
  kind: XyChartKind<Props>,
): MountedComponent<Props, 'XY'> {
  const chart = createChart(panel.body);
  let latest: ComponentState<Props, 'XY'> | undefined;
  let values: NumberFormat | undefined;
  let times: TimeFormat | undefined;
  let tickValues: NumberFormat | undefined;
  let ticksKey = '';
  let frameKey = '';
  let xType: XType | undefined;
  const attention = createAttention(panel.body, services, chart.hideTip);

  function update(state: ComponentState<Props, 'XY'>): void {
    const { props, theme, locale } = state;
    if (values === undefined || times === undefined || props !== latest?.props || locale !== latest.locale) {
      values = createNumberFormat(props, locale);
      times = createTimeFormat({ ...CLOCK, month: '2-digit', day: '2-digit' }, locale, props.timeZone);
      frameKey = '';
      tickValues = undefined;
    }
    if (theme !== latest?.theme) frameKey = '';
    // An open tooltip would keep the colours and words that it was opened with.
    if (frameKey === '') chart.hideTip();
    latest = state;
    const rows = state.data?.rows ?? [];
    const order = props.series.map(({ name }) => name);
    const data = groupRows(rows, props.xType, order, kind.lengths);
    showLegend(data, state);
    panel.update(state, state.data === undefined ? 'waiting' : rows.length === 0 ? 'empty' : undefined);
    describe(data, state, values);
    if (chart.resize(panel.bodySize)) frameKey = '';
    if (rows.length > 0) draw(data, state, values, times);
  }

  function draw(data: XyData, state: ComponentState<Props, 'XY'>, number: NumberFormat, time: TimeFormat): void {
    const { props, theme, locale } = state;
    const { width, height, scale } = panel.bodySize;
    const ticks: Ticks = niceTicks({
      low: kind.lengths ? Math.min(0, data.low) : data.low,
      high: kind.lengths ? Math.max(0, data.high) : data.high,
      min: props.min,
      max: props.max,
      count: Math.max(2, Math.min(6, Math.round(height / scale / 52))),
      binary: props.format === 'bytes',
    });
    const animation = !services.reducedMotion && (state.data?.rateHz ?? 0) < CALM_HZ && data.points < CALM_POINTS;
    const key = JSON.stringify([
      width,
      height,
      scale,
      ticks,
      data.xType,
      data.series.map(({ name, alone }) => [name, alone]),
      data.categories.length,
      data.points > kind.manyPoints,
      animation,
    ]);
    if (xType !== data.xType) chart.clear();
    xType = data.xType;
    const whole = key !== frameKey;
    frameKey = key;
    const frame: FrameLook = {
      theme,
      width,
      scale,
      hair: hairLine(scale, panel.body.ownerDocument),
      ratio: panel.body.ownerDocument.defaultView?.devicePixelRatio ?? 1,
      locale,
      ticks,
      xType: data.xType,
      categories: data.categories,
      places: data.places,
      bands: kind.lengths,
      timeZone: props.timeZone,
      values: number,
      tickValues: ticksOf(ticks, state),
      times: time,
      legendShape: kind.legendShape,
    };
    const { band } = gridOf(frame);
    const { ratio } = frame;
    const series = data.series.map((one, index) => {
      const points = { id: `s:${one.name}`, data: one.points as SeriesOption['data'] };
      if (!whole) return points as SeriesOption;
      const look = { props, theme, scale, color: seriesColor(one, index, state), data, values: number, band, ratio };
      return { ...kind.series(one, look), ...points, name: seriesLabel(one, state) } as SeriesOption;
    });
    if (!whole) {
      chart.draw({ xAxis: movedAxis(frame), series }, false);
      return;
    }
    chart.draw({ ...frameOption(frame), animation, animationDuration: 0, animationDurationUpdate: 300, series }, true);
  }

  /** Made anew only when the axis changes: the Intl objects in it are not cheap. */
  function ticksOf(ticks: Ticks, { props, locale }: ComponentState<Props, 'XY'>): NumberFormat {
    if (tickValues !== undefined && JSON.stringify(ticks) === ticksKey) return tickValues;
    ticksKey = JSON.stringify(ticks);
    tickValues = createTickFormat(props, locale, ticks.values);
    return tickValues;
  }

  function showLegend(data: XyData, state: ComponentState<Props, 'XY'>): void {
    const named = data.series.some(({ name }) => name !== '');
    const shown = state.props.legend === 'auto' && named ? data.series : [];
    panel.legend.update(
      shown.map((one, index) => ({ label: seriesLabel(one, state), color: seriesColor(one, index, state) })),
      kind.legendShape,
    );
  }

  function describe(data: XyData, state: ComponentState<Props, 'XY'>, number: NumberFormat): void {
    const title = textOf(state.props.title, state.locale);
    const said = data.series.map((one) => `${seriesLabel(one, state)} ${number.text(one.last)}`.trim());
    panel.describe([title, ...said].filter(Boolean).join(', ') || (state.locale === 'zh' ? '图表' : 'Chart'));
  }

  return {
    update,
    resize(size) {
      panel.resize(size);
      if (latest !== undefined) update(latest);
    },
    dispose() {
      attention.dispose();
      chart.dispose();
      panel.dispose();
    },
  };
}

function seriesLabel({ name }: XySeries, { props, locale }: ComponentState<XyProps, 'XY'>): string {
  const wish = props.series.find((series) => series.name === name);
  return (wish === undefined ? '' : textOf(wish.label, locale)) || name;
}

function seriesColor({ name }: XySeries, index: number, { props, theme }: ComponentState<XyProps, 'XY'>): string {
  return colorOf(props.series.find((series) => series.name === name)?.color ?? '', theme, index);
}
