import type { Mount } from '@tidewall/browser-contracts';
import { fade } from '../color/color.ts';
import { createXyChart, type SeriesLook, type XyChartKind } from '../echarts/xy-chart.ts';
import { createPanel } from '../panel/panel.ts';
import type { Props } from './definition.ts';

/** From here on columns are drawn as plain bars in one path: round corners of a pixel are not seen. */
const MANY_POINTS = 600;

/** Design pixels that the number over a column needs. */
const LABEL_WIDTH = 34;

const COLUMNS: XyChartKind<Props> = {
  legendShape: 'block',
  lengths: true,
  manyPoints: MANY_POINTS,
  series: (_series, look) => {
    const { props, theme, scale, color, data, values, band } = look;
    const many = data.points > MANY_POINTS;
    const round = many ? 0 : props.radius * scale;
    // Below the axis the end of a column is its other end.
    const below = data.low < 0;
    const room = band / data.series.length;
    return {
      type: 'bar',
      sampling: 'max',
      large: many,
      largeThreshold: MANY_POINTS,
      ...(many ? {} : barWidths(look)),
      emphasis: { disabled: true },
      itemStyle: {
        color: many || below ? color : gradient(color),
        borderRadius: [round, round, below ? round : 0, below ? round : 0],
      },
      label: {
        show: props.valueLabels && room > LABEL_WIDTH * scale,
        position: 'top',
        distance: 5 * scale,
        color: theme.text[1],
        fontSize: 12.5 * scale,
        fontFamily: theme.fontNumber,
        formatter: ({ value }: { readonly value: unknown }) => values.text(value),
      },
    };
  },
};

/** Draws columns. */
export const mount: Mount<Props, 'XY'> = (host, services) =>
  createXyChart(createPanel(host, { name: 'ChartColumnBasic', role: 'img' }), services, COLUMNS);

/**
 * Columns and the gaps between them as whole numbers of the screen's pixels, and even where they must be so to stand in
 * the middle of a band that is a whole number too.
 */
function barWidths({ props, scale, data, band, ratio }: SeriesLook<Props>) {
  const count = data.series.length;
  const pixels = band * ratio;
  const gap = count > 1 ? Math.max(1, Math.round(Math.min(props.barWidth * scale * 0.18, band * 0.05) * ratio)) : 0;
  const most = Math.floor(Math.min(props.barWidth * scale * ratio, (pixels * 0.64 - gap * (count - 1)) / count));
  const odd = (width: number): boolean => Math.round(pixels - width * count - gap * (count - 1)) % 2 !== 0;
  const width = Math.max(1, odd(most) && !odd(most - 1) ? most - 1 : most);
  return { barWidth: width / ratio, barGap: `${(gap / width) * 100}%` };
}

/** Full at the top, where the number is read, and softer towards the axis. */
function gradient(color: string) {
  const stops = [
    { offset: 0, color },
    { offset: 1, color: fade(color, 0.38) },
  ];
  return { type: 'linear' as const, x: 0, y: 0, x2: 0, y2: 1, colorStops: stops };
}
