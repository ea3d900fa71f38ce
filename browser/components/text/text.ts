import type { Locale, Words } from '@tidewall/browser-contracts';
import { z } from 'zod/mini';

/** Text of a prop: the same in every language, or one for each. */
export type Text = string | Words;

/** Schema of a text prop. */
export const textSchema = z.union([z.string(), z.object({ zh: z.string(), en: z.string() })]);

/** The text in this language. */
export function textOf(text: Text, locale: Locale): string {
  return typeof text === 'string' ? text : text[locale];
}
