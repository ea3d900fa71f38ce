import { z } from 'zod/mini';
import { formatProps } from '../format/format-props.ts';
import { timeZoneSchema } from '../format/time-format.ts';
import { panelProps } from '../panel/panel-props.ts';
import { textSchema } from '../text/text.ts';

/** One series of a chart, by the name that the data gives it. */
export const seriesSchema = z.object({
  name: z.string(),
  /** What the legend says; the name when this is empty. */
  label: z._default(textSchema, ''),
  /** A tone of the theme, a place in its palette (`1` is the first), or a CSS colour; empty takes the next in order. */
  color: z._default(z.string(), ''),
});

/** Props of every chart of categories or times against numbers. */
export const xyProps = {
  ...panelProps,
  ...formatProps,
  /** Order, words and colours of series; those that are not here follow behind. */
  series: z._default(z.array(seriesSchema).check(z.maxLength(24)), []),
  /** `auto` takes text as categories, large numbers as times in ms, and other numbers as they are; for columns, all are categories. */
  xType: z._default(z.enum(['auto', 'category', 'value', 'time']), 'auto'),
  timeZone: timeZoneSchema,
  /** Ends of the value axis; found from the data where they are not given. */
  min: z.optional(z.number()),
  max: z.optional(z.number()),
  legend: z._default(z.enum(['auto', 'none']), 'auto'),
} as const;

const schema = z.object(xyProps);
export type XyProps = z.infer<typeof schema>;
