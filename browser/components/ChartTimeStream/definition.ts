import { defineComponent } from '@tidewall/browser-contracts';
import type { TimeColumns } from '@tidewall/screen';
import { z } from 'zod/mini';
import { formatProps } from '../format/format-props.ts';
import { timeZoneSchema } from '../format/time-format.ts';
import { panelProps } from '../panel/panel-props.ts';
import { textSchema } from '../text/text.ts';

/** One series of a stream. */
export const streamSeriesSchema = z.object({
  field: z.string(),
  /** What the legend says; the field when this is empty. */
  label: z._default(textSchema, ''),
  /** A tone of the theme, a place in its palette (`1` is the first), or a CSS colour; empty takes the next in order. */
  color: z._default(z.string(), ''),
});

/** Props of a stream. */
export const propsSchema = z.object({
  ...panelProps,
  ...formatProps,
  /** How far back the picture goes from the newest point. */
  windowSeconds: z._default(z.number().check(z.minimum(1), z.maximum(31_536_000)), 300),
  /** Without any, every column of the data, up to eight. */
  series: z._default(z.array(streamSeriesSchema).check(z.maxLength(16)), []),
  /** Ends of the value axis; found from the data where they are not given. */
  min: z.optional(z.number()),
  max: z.optional(z.number()),
  area: z._default(z.boolean(), true),
  /** Design pixels. */
  lineWidth: z._default(z.number().check(z.minimum(0.5), z.maximum(12)), 1.75),
  /** `values` shows the newest numbers, and those under the pointer. */
  legend: z._default(z.enum(['values', 'names', 'none']), 'values'),
  timeZone: timeZoneSchema,
});

export type Props = z.infer<typeof propsSchema>;

/** Lines over the last minutes, for data that comes quickly. */
export const definition = defineComponent<Props, 'TS'>({
  type: 'ChartTimeStream',
  version: '1.0.0',
  title: { zh: '时序曲线', en: 'Time stream' },
  description: { zh: '滚动时间窗口的高频曲线', en: 'Lines over a moving window of time, at a high rate' },
  group: 'lines',
  contract: 'TS',
  props: propsSchema,
  sample: sampleColumns(),
  size: { width: 720, height: 320 },
  migrations: [],
});

/** Five minutes at one point a second, the same on every machine. */
function sampleColumns(): TimeColumns {
  const seconds = Array.from({ length: 300 }, (_, index) => index);
  const wave = (at: number, period: number): number => Math.sin((at * 2 * Math.PI) / period);
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    t: seconds.map((at) => 1_700_000_000_000 + at * 1000),
    user: seconds.map((at) =>
      round(34 + 9 * wave(at, 97) + 5 * wave(at, 23) + 2.5 * wave(at, 7) + 1.6 * wave(at, 3.3)),
    ),
    system: seconds.map((at) => round(14 + 4 * wave(at + 40, 71) + 2 * wave(at, 17) + 1.2 * wave(at, 5.1))),
  };
}
