import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { timeZoneSchema } from '../format/time-format.ts';
import { freePanelProp } from '../panel/panel-props.ts';

/** Props of a clock. */
export const propsSchema = z.object({
  panel: freePanelProp,
  seconds: z._default(z.boolean(), true),
  /** `full` is 2026年11月21日 or November 21, 2026; `short` is 2026/11/21. */
  date: z._default(z.enum(['full', 'short', 'none']), 'full'),
  weekday: z._default(z.boolean(), true),
  timeZone: timeZoneSchema,
  /** The date beside the time, or under it. */
  layout: z._default(z.enum(['row', 'stack']), 'row'),
  align: z._default(z.enum(['left', 'center', 'right']), 'right'),
  /** Height of the time in design pixels. */
  size: z._default(z.number().check(z.minimum(8), z.maximum(400)), 30),
});

export type Props = z.infer<typeof propsSchema>;

/** The server's time, the same on every wall that shows it; it takes no data. */
export const definition = defineComponent<Props, 'NONE'>({
  type: 'TimeClock',
  version: '1.0.0',
  title: { zh: '时钟', en: 'Clock' },
  description: { zh: '服务器时间、日期与星期', en: "The server's time, date and weekday" },
  group: 'text',
  contract: 'NONE',
  props: propsSchema,
  sample: null,
  size: { width: 460, height: 56 },
  migrations: [],
});
