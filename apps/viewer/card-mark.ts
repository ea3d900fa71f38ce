import type { Locale } from '@tidewall/browser-contracts';
import type { ElementHealth } from '@tidewall/runtime';
import { say } from './words.ts';

/** How a screen does in few words, for its card in the list. */
export interface CardMark {
  /** Empty when there is nothing to say. */
  readonly text: string;
  /** The worst of what is said. */
  readonly state: 'late' | 'stale' | 'failed' | undefined;
}

const WORST_FIRST = ['failed', 'stale', 'late'] as const;

/** Counts the elements that are not to be trusted: those whose data is late or stale, and those that fail. */
export function cardMark(locale: Locale, health: readonly Pick<ElementHealth, 'state' | 'problem'>[]): CardMark {
  const counted = WORST_FIRST.map((state) => ({
    state,
    count: health.filter((element) => (element.problem === undefined ? element.state : 'failed') === state).length,
  })).filter(({ count }) => count > 0);
  return {
    text: counted.map(({ state, count }) => `${count} ${say(locale, state)}`).join(' · '),
    state: counted[0]?.state,
  };
}
