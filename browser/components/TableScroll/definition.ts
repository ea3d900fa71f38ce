import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { formatProps, NUMBER_FORMATS } from '../format/format-props.ts';
import { timeZoneSchema } from '../format/time-format.ts';
import { panelProps } from '../panel/panel-props.ts';
import { textSchema } from '../text/text.ts';

/** One column of a table. */
export const columnSchema = z.object({
  field: z.string(),
  /** The head of the column; its field when this is empty. */
  label: z._default(textSchema, ''),
  format: z._default(z.enum(['text', 'time', ...NUMBER_FORMATS]), 'text'),
  decimals: formatProps.decimals,
  unit: formatProps.unit,
  currency: formatProps.currency,
  /** `auto` puts numbers to the right, so that their digits stand under each other. */
  align: z._default(z.enum(['auto', 'left', 'center', 'right']), 'auto'),
  /** Share of the table's width. */
  width: z._default(z.number().check(z.minimum(0.1), z.maximum(20)), 1),
  /** A bar behind the number, as long as its share of the column's largest. */
  bar: z._default(z.boolean(), false),
});

/** Props of a table. */
export const propsSchema = z.object({
  ...panelProps,
  /** Without any, the fields of the first row. */
  columns: z._default(z.array(columnSchema).check(z.maxLength(24)), []),
  header: z._default(z.boolean(), true),
  /** Design pixels of a row. */
  rowHeight: z._default(z.number().check(z.minimum(16), z.maximum(200)), 36),
  /** Turn to the next page every so many seconds when there is more than fits; 0 stands still. */
  turnEverySeconds: z._default(z.int().check(z.minimum(0), z.maximum(3600)), 6),
  /** The field that tells rows apart, for `highlight`. */
  keyField: z._default(z.string(), ''),
  /** Light up a row for a moment when one of its cells changes. */
  highlight: z._default(z.boolean(), false),
  timeZone: timeZoneSchema,
});

export type Column = z.infer<typeof columnSchema>;
export type Props = z.infer<typeof propsSchema>;

/** Rows under a fixed head; as many as there are, of which only the visible ones are drawn. */
export const definition = defineComponent<Props, 'ROWS'>({
  type: 'TableScroll',
  version: '1.0.0',
  title: { zh: '轮播表格', en: 'Table' },
  description: { zh: '固定表头、自动翻页的表格，支持数据条', en: 'A table with a fixed head that turns its pages' },
  group: 'tables',
  contract: 'ROWS',
  props: propsSchema,
  sample: [
    { product: '云南小粒咖啡 500g', category: '食品', sold: 1284, revenue: 87_312 },
    { product: '降噪耳机 Pro', category: '数码', sold: 936, revenue: 747_864 },
    { product: '轻量跑鞋', category: '运动', sold: 871, revenue: 347_529 },
    { product: '婴儿湿巾 80 抽', category: '母婴', sold: 802, revenue: 15_960 },
    { product: '电动牙刷', category: '个护', sold: 655, revenue: 130_345 },
    { product: '山茶花护手霜', category: '美妆', sold: 598, revenue: 41_262 },
    { product: '不锈钢保温杯', category: '家居', sold: 431, revenue: 51_289 },
    { product: '机械键盘 87 键', category: '数码', sold: 377, revenue: 112_723 },
    { product: '露营折叠椅', category: '户外', sold: 214, revenue: 27_606 },
  ],
  size: { width: 620, height: 380 },
  migrations: [],
});
