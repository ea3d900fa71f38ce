import { createElement } from './create-element.ts';
import type { Page } from './page.ts';
import { fetchSession, signOut } from './session.ts';
import { say } from './words.ts';

/** Who has signed in, and the way out; nothing where nobody has. */
export function createWhoIsHere({ look, signal }: Pick<Page, 'look' | 'signal'>): HTMLElement {
  const name = createElement('span', { class: 'user-name' });
  const out = createElement('button', { class: 'text-button', type: 'button' });
  const element = createElement('span', { class: 'who', hidden: '' }, name, out);
  const label = () => {
    out.textContent = say(look.locale, 'signOut');
  };
  out.addEventListener('click', () => {
    out.disabled = true;
    signOut().then(
      () => location.replace('/login'),
      () => {
        out.disabled = false;
      },
    );
  });
  fetchSession().then(
    ({ user, name: called = user }) => {
      if (called === undefined) return;
      name.textContent = called;
      element.hidden = false;
    },
    () => {},
  );
  look.onChange(label, signal);
  label();
  return element;
}
