import type { Locale } from '@tidewall/browser-contracts';
import { say, type WordName } from './words.ts';

/** The sentences of the client and its transports that a page has words of its own for. */
const KNOWN: readonly (readonly [RegExp, WordName])[] = [
  [/^the link broke$/, 'linkBroke'],
  [/^the server stops$/, 'serverStops'],
  [/ cannot be reached$/, 'unreachable'],
  [/^nothing was heard from the server$/, 'nothingHeard'],
  [/^the server (did|does) not answer /, 'noAnswer'],
];

/** Why the link is not live, in the reader's language where the sentence is known, and else as it was said. */
export function linkReason(locale: Locale, reason: string): string {
  if (reason === '') return '';
  const [, word] = KNOWN.find(([sentence]) => sentence.test(reason)) ?? [];
  return word === undefined ? say(locale, 'because', { reason }) : say(locale, word);
}
