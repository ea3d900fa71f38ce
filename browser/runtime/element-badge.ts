import type { Locale, Theme } from '@tidewall/browser-contracts';
import type { Mismatch } from '@tidewall/protocol';
import type { ElementFreshness } from './freshness.ts';
import { setStyles, styledDiv } from './styled.ts';
import { ageText, badgeWord, WORDS } from './words.ts';

export interface BadgeState {
  readonly freshness: ElementFreshness;
  readonly mismatch: Mismatch | undefined;
  readonly theme: Theme;
  readonly locale: Locale;
  readonly scale: number;
}

/** The mark at an element's corner that says, without a mouse, that what it shows is old, or wrong. */
export interface ElementBadge {
  readonly element: HTMLElement;
  /** Cheap when nothing changed. */
  update(state: BadgeState): void;
}

const SMALLEST_FONT_PX = 11;

/** A badge that is hidden until there is something to say. */
export function createBadge(document: Document): ElementBadge {
  const element = styledDiv(document, {
    position: 'absolute',
    right: '0',
    bottom: '0',
    display: 'none',
    boxSizing: 'border-box',
    maxWidth: '100%',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontWeight: '500',
    fontVariantNumeric: 'tabular-nums',
    lineHeight: '1.5',
  });
  element.dataset['part'] = 'badge';
  let shown = '';
  return {
    element,
    update(state) {
      const { theme, scale } = state;
      const text = textOf(state);
      const key = [text, state.freshness.reason, theme.name, scale].join('\n');
      if (key === shown) return;
      shown = key;
      element.textContent = text;
      element.title = tooltip(state);
      const color = state.mismatch === undefined && state.freshness.state === 'late' ? theme.warn : theme.alert;
      setStyles(element, {
        display: text === '' ? 'none' : 'block',
        color,
        background: theme.ground,
        boxShadow: `inset 0 0 0 1px ${color}`,
        fontFamily: theme.fontText,
        fontSize: `${Math.max(SMALLEST_FONT_PX, 13 * scale)}px`,
        padding: `${2 * scale}px ${9 * scale}px`,
      });
    },
  };
}

function textOf({ freshness, mismatch, locale }: BadgeState): string {
  const word = badgeWord(freshness.state, locale);
  if (freshness.state === 'failed') return freshness.reason === '' ? `${word}` : `${word} · ${freshness.reason}`;
  if (mismatch !== undefined) return `${WORDS.misfit[locale]} ${mismatch.path}`.trimEnd();
  if (word === undefined) return '';
  return freshness.ageMs === undefined ? word : `${word} ${ageText(freshness.ageMs)}`;
}

function tooltip({ freshness, mismatch, locale }: BadgeState): string {
  if (mismatch === undefined || freshness.state === 'failed') return freshness.reason;
  const at = mismatch.path === '' ? '' : `${WORDS.misfitAt[locale]} ${mismatch.path}: `;
  return `${at}${WORDS.misfitExpected[locale]} ${mismatch.expected}, ${WORDS.misfitGot[locale]} ${mismatch.got}`;
}
