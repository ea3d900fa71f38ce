import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { xyProps } from '../echarts/xy-props.ts';

/** Props of a line chart. */
export const propsSchema = z.object({
  ...xyProps,
  smooth: z._default(z.boolean(), true),
  /** A soft area from the line down to the axis. */
  area: z._default(z.boolean(), true),
  /** Design pixels. */
  lineWidth: z._default(z.number().check(z.minimum(0.5), z.maximum(12)), 2.25),
  /** A mark at each point, where there are few of them. */
  points: z._default(z.boolean(), false),
});

export type Props = z.infer<typeof propsSchema>;

const HOURS = [
  32, 28, 24, 22, 21, 26, 41, 68, 96, 118, 131, 127, 139, 134, 142, 151, 148, 156, 171, 188, 196, 174, 121, 72,
];
const BEFORE = [
  36, 30, 27, 24, 22, 25, 36, 59, 88, 104, 118, 121, 126, 119, 125, 133, 139, 141, 152, 163, 168, 149, 108, 66,
];
const hour = (index: number): string => `${String(index).padStart(2, '0')}:00`;

/** Lines over categories, numbers or time. */
export const definition = defineComponent<Props, 'XY'>({
  type: 'ChartLineBasic',
  version: '1.0.0',
  title: { zh: '折线图', en: 'Line chart' },
  description: { zh: '一条或多条折线，可带渐变面积', en: 'One or more lines, with a soft area below' },
  group: 'lines',
  contract: 'XY',
  props: propsSchema,
  sample: [
    ...HOURS.map((y, index) => ({ x: hour(index), y, s: '今日' })),
    ...BEFORE.map((y, index) => ({ x: hour(index), y, s: '昨日' })),
  ],
  size: { width: 640, height: 340 },
  migrations: [],
});
