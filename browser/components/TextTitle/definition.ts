import { defineComponent } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';
import { freePanelProp } from '../panel/panel-props.ts';
import { textSchema } from '../text/text.ts';

/** Props of a title. */
export const propsSchema = z.object({
  panel: freePanelProp,
  text: z._default(textSchema, { zh: '标题', en: 'Title' }),
  subtitle: z._default(textSchema, ''),
  align: z._default(z.enum(['left', 'center', 'right']), 'center'),
  /** Height of the letters in design pixels. */
  size: z._default(z.number().check(z.minimum(8), z.maximum(400)), 38),
  /** `wings` draws a line on each side that fades outwards, `line` one underneath. */
  decoration: z._default(z.enum(['none', 'line', 'wings']), 'wings'),
  glow: z._default(z.boolean(), true),
});

export type Props = z.infer<typeof propsSchema>;

/** The title of a screen or of a part of it; it takes no data. */
export const definition = defineComponent<Props, 'NONE'>({
  type: 'TextTitle',
  version: '1.0.0',
  title: { zh: '标题', en: 'Title' },
  description: {
    zh: '大屏或区域的标题，可带副标题与装饰线',
    en: 'Title of a screen or a region, with a subtitle and lines',
  },
  group: 'text',
  contract: 'NONE',
  props: propsSchema,
  sample: null,
  size: { width: 960, height: 88 },
  migrations: [],
});
