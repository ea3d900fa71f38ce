import type { Locale, Theme, Words } from '@tidewall/browser-contracts';
import { setStyles, styledDiv } from './styled.ts';

/** Why an element has no component to draw it. */
export interface Notice {
  readonly title: Words;
  /** The name of the thing that is wrong. */
  readonly subject: string;
  readonly details: readonly (string | Words)[];
}

/** What stands in an element instead of its component, for the people who can mend it. */
export interface ElementNotice {
  readonly element: HTMLElement;
  /** Shows a notice, or nothing. */
  update(notice: Notice | undefined, theme: Theme, locale: Locale, scale: number): void;
}

/** A notice that is hidden until there is one. */
export function createNotice(document: Document): ElementNotice {
  const element = styledDiv(document, {
    position: 'absolute',
    inset: '0',
    display: 'none',
    boxSizing: 'border-box',
    flexDirection: 'column',
    justifyContent: 'center',
    alignItems: 'center',
    textAlign: 'center',
    overflow: 'hidden',
    overflowWrap: 'anywhere',
    lineHeight: '1.6',
  });
  element.dataset['part'] = 'notice';
  let shown: unknown[] = [undefined];
  return {
    element,
    update(notice, theme, locale, scale) {
      const inputs = notice === undefined ? [undefined] : [notice, theme, locale, scale];
      if (inputs.every((input, i) => input === shown[i])) return;
      shown = inputs;
      element.style.display = notice === undefined ? 'none' : 'flex';
      element.replaceChildren();
      if (notice === undefined) return;
      setStyles(element, {
        color: theme.text[1],
        background: theme.surface,
        boxShadow: `inset 0 0 0 1px ${theme.alert}`,
        fontFamily: theme.fontText,
        fontSize: `${Math.max(10, 14 * scale)}px`,
        padding: `${12 * scale}px`,
      });
      const title = styledDiv(document, { color: theme.alert, fontWeight: '600' });
      title.textContent = notice.subject === '' ? notice.title[locale] : `${notice.title[locale]}: ${notice.subject}`;
      element.append(title);
      for (const detail of notice.details) {
        const line = document.createElement('div');
        line.textContent = typeof detail === 'string' ? detail : detail[locale];
        element.append(line);
      }
    },
  };
}
