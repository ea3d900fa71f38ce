import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { timeZoneSchema } from '../format/time-format.ts';
import { panelProps } from '../panel/panel-props.ts';

/** Props of a feed. */
export const propsSchema = z.object({
  ...panelProps,
  /** Names of the fields; `key` tells entries apart, empty for time and text together. */
  timeField: z._default(z.string(), 't'),
  textField: z._default(z.string(), 'text'),
  levelField: z._default(z.string(), 'level'),
  keyField: z._default(z.string(), 'id'),
  time: z._default(z.boolean(), true),
  timeZone: timeZoneSchema,
  /** Design pixels of one entry. */
  rowHeight: z._default(z.number().check(z.minimum(16), z.maximum(200)), 34),
});

export type Props = z.infer<typeof propsSchema>;

const START = 1_700_000_000_000;
const entry = (id: number, seconds: number, level: string, text: string) => ({
  id,
  t: START + seconds * 1000,
  level,
  text,
});

/** What happened, newest first, each with its time and level. */
export const definition = defineComponent<Props, 'ROWS'>({
  type: 'EventFeed',
  version: '1.0.0',
  title: { zh: '动态列表', en: 'Event feed' },
  description: { zh: '按时间倒序的动态与告警，新条目滑入', en: 'What happened, newest first, with levels' },
  group: 'tables',
  contract: 'ROWS',
  props: propsSchema,
  sample: [
    entry(1, 0, 'info', '订单 20861 已支付 · 上海 · ¥ 328.00'),
    entry(2, 4, 'good', '3 号产线恢复运行'),
    entry(3, 9, 'info', '订单 20862 已支付 · 成都 · ¥ 76.50'),
    entry(4, 15, 'warn', '仓库 B 温度 8.4 °C，高于上限'),
    entry(5, 21, 'info', '订单 20863 已支付 · 杭州 · ¥ 1,204.00'),
    entry(6, 26, 'alert', '网关 gw-07 失去联系'),
    entry(7, 31, 'info', '订单 20864 已支付 · 西安 · ¥ 59.90'),
  ],
  size: { width: 440, height: 320 },
  migrations: [],
});
