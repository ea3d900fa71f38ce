import { createElement } from './create-element.ts';
import { createIcon, type IconName } from './icons.ts';
import type { PageLook } from './page.ts';
import { say, type WordName } from './words.ts';

/** A button with a drawing, named in the language of the page. */
export function createIconButton(look: PageLook, icon: IconName, name: WordName, run: () => void): HTMLButtonElement {
  const button = createElement('button', { type: 'button', class: 'icon-button' }, createIcon(icon));
  const label = () => {
    button.title = say(look.locale, name);
    button.setAttribute('aria-label', button.title);
  };
  label();
  look.onChange(label);
  button.addEventListener('click', run);
  return button;
}
