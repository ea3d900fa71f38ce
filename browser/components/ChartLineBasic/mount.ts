import type { Mount } from '@tidewall/browser-contracts';
import { fade } from '../color/color.ts';
import { createXyChart, type XyChartKind } from '../echarts/xy-chart.ts';
import { createPanel } from '../panel/panel.ts';
import type { Props } from './definition.ts';

/** More points than these, of all series, stand too close for marks of their own. */
const MOST_MARKS = 120;

const LINES: XyChartKind<Props> = {
  legendShape: 'line',
  lengths: false,
  manyPoints: MOST_MARKS,
  series: ({ alone }, { props, scale, color, data }) => ({
    type: 'line',
    smooth: props.smooth ? 0.35 : false,
    sampling: 'lttb',
    showSymbol: (props.points || alone) && data.points <= MOST_MARKS,
    symbol: 'circle',
    symbolSize: 6 * scale,
    emphasis: { disabled: true },
    itemStyle: { color },
    lineStyle: { color, width: props.lineWidth * scale, cap: 'round', join: 'round' },
    ...(props.area ? { areaStyle: { color: gradient(color, data.series.length), origin: 'start' as const } } : {}),
  }),
};

/** Draws lines. */
export const mount: Mount<Props, 'XY'> = (host, services) =>
  createXyChart(createPanel(host, { name: 'ChartLineBasic', role: 'img' }), services, LINES);

/** Several areas lie over each other: each is softer then. */
function gradient(color: string, count: number) {
  const top = count > 2 ? 0.12 : count > 1 ? 0.2 : 0.3;
  const stops = [
    { offset: 0, color: fade(color, top) },
    { offset: 1, color: fade(color, 0) },
  ];
  return { type: 'linear' as const, x: 0, y: 0, x2: 0, y2: 1, colorStops: stops };
}
