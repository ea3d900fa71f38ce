import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { formatProps } from '../format/format-props.ts';
import { panelProps } from '../panel/panel-props.ts';
import { textSchema } from '../text/text.ts';

/** Props of a figure. */
export const propsSchema = z.object({
  panel: panelProps.panel,
  /** Above the number; the label of the data when this is empty. */
  label: z._default(textSchema, ''),
  ...formatProps,
  align: z._default(z.enum(['left', 'center']), 'left'),
  /** `hero` is for the one number of a screen: it is larger, and glows. */
  emphasis: z._default(z.enum(['normal', 'hero']), 'normal'),
  /** The change against `compare` of the data: as a share of it, as a difference, or not at all. */
  delta: z._default(z.enum(['percent', 'difference', 'none']), 'percent'),
  /** Which way is good; `neither` leaves the change uncoloured. */
  goodWhen: z._default(z.enum(['up', 'down', 'neither']), 'up'),
  /** Behind the change: "than yesterday". */
  deltaLabel: z._default(textSchema, ''),
  /** From here the number is coloured as a warning or an alert; a `status` of the data wins. */
  warnAt: z.optional(z.number()),
  alertAt: z.optional(z.number()),
  pulse: z._default(z.boolean(), true),
});

export type Props = z.infer<typeof propsSchema>;

/** One number that matters, with its unit, its change, its target and its status. */
export const definition = defineComponent<Props, 'KV'>({
  type: 'CardStat',
  version: '1.0.0',
  title: { zh: '指标卡', en: 'Figure' },
  description: {
    zh: '一个关键数字：单位、同比、目标与状态',
    en: 'One number with its unit, change, target and status',
  },
  group: 'numbers',
  contract: 'KV',
  props: propsSchema,
  sample: { value: 128_460, label: '今日销售额', unit: '元', compare: 117_200, target: 160_000 },
  size: { width: 300, height: 132 },
  migrations: [],
});
