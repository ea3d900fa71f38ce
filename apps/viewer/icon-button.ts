import { createElement } from './create-element.ts';
import { createIcon, type IconName } from './icons.ts';
import type { Page } from './page.ts';
import { withSettings } from './settings.ts';
import { say, type WordName } from './words.ts';

type Place = Pick<Page, 'look' | 'signal'>;

/** A button with a drawing, named in the language of the page. */
export function createIconButton(place: Place, icon: IconName, name: WordName, run: () => void): HTMLButtonElement {
  const button = createElement('button', { type: 'button', class: 'icon-button' }, createIcon(icon));
  keepNamed(place, button, name);
  button.addEventListener('click', run);
  return button;
}

/** A link that looks like such a button, and takes the reader's choices along wherever it is opened. */
export function createIconLink(place: Place, icon: IconName, name: WordName, path: string): HTMLAnchorElement {
  const link = createElement('a', { class: 'icon-button' }, createIcon(icon));
  keepNamed(place, link, name);
  const aim = () => {
    link.href = withSettings(path, location.search);
  };
  aim();
  place.look.onChange(aim, place.signal);
  return link;
}

function keepNamed({ look, signal }: Place, element: HTMLElement, name: WordName): void {
  const label = () => {
    element.title = say(look.locale, name);
    element.setAttribute('aria-label', element.title);
  };
  label();
  look.onChange(label, signal);
}
