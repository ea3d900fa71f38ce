import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { formatProps } from '../format/format-props.ts';
import { panelProps } from '../panel/panel-props.ts';
import { textSchema } from '../text/text.ts';

/** Props of a gauge. */
export const propsSchema = z.object({
  ...panelProps,
  ...formatProps,
  format: z._default(formatProps.format.def.innerType, 'percent'),
  /** Under the number; the label of the data when this is empty. */
  label: z._default(textSchema, ''),
  min: z._default(z.number(), 0),
  max: z._default(z.number(), 100),
  /**
   * From `at` on, the arc has this colour: a tone, a place in the palette, or a CSS colour. Not given, it is `warn` from
   * three quarters of the range on and `alert` from nine tenths.
   */
  thresholds: z.optional(z.array(z.object({ at: z.number(), color: z.string() })).check(z.maxLength(8))),
  /** Colour below the first threshold. */
  color: z._default(z.string(), 'accent'),
  /** Degrees that the arc goes round. */
  sweep: z._default(z.number().check(z.minimum(90), z.maximum(330)), 240),
});

export type Props = z.infer<typeof propsSchema>;

/** One number between two ends, on a thin arc. */
export const definition = defineComponent<Props, 'KV'>({
  type: 'Gauge',
  version: '1.0.0',
  title: { zh: '仪表', en: 'Gauge' },
  description: { zh: '一个数在量程中的位置，可设阈值颜色', en: 'Where a number is between two ends, with thresholds' },
  group: 'meters',
  contract: 'KV',
  props: propsSchema,
  sample: { value: 63.5, label: 'CPU', unit: '%' },
  size: { width: 300, height: 260 },
  migrations: [],
});
