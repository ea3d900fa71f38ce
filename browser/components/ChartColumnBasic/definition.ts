import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { xyProps } from '../echarts/xy-props.ts';

/** Props of a column chart. */
export const propsSchema = z.object({
  ...xyProps,
  /** Design pixels of a column at most. */
  barWidth: z._default(z.number().check(z.minimum(1), z.maximum(400)), 28),
  /** Design pixels of the round corners at the end of a column. */
  radius: z._default(z.number().check(z.minimum(0), z.maximum(100)), 3),
  /** The number over each column, where there is room. */
  valueLabels: z._default(z.boolean(), false),
});

export type Props = z.infer<typeof propsSchema>;

/** Columns over categories; several series stand beside each other. */
export const definition = defineComponent<Props, 'XY'>({
  type: 'ChartColumnBasic',
  version: '1.0.0',
  title: { zh: '柱状图', en: 'Column chart' },
  description: { zh: '分类柱状图，支持多系列并列', en: 'Columns by category, several series side by side' },
  group: 'columns',
  contract: 'XY',
  props: propsSchema,
  sample: [
    { x: '食品', y: 1284 },
    { x: '数码', y: 936 },
    { x: '运动', y: 871 },
    { x: '母婴', y: 802 },
    { x: '个护', y: 655 },
    { x: '美妆', y: 598 },
    { x: '家居', y: 431 },
    { x: '户外', y: 214 },
  ],
  size: { width: 560, height: 340 },
  migrations: [],
});
