import { fetchScreens, type ScreenRow } from './api.ts';
import { createElement } from './create-element.ts';
import { createPushStep, createScreenStep } from './first-step.ts';
import { listenForKeys } from './keys.ts';
import type { Page } from './page.ts';
import { withSettings } from './settings.ts';
import { untilItWorks } from './until-it-works.ts';
import { say } from './words.ts';

/** The page for a screen that is not there: which there are, and how to add it. It goes when its signal is aborted. */
export function showUnknownScreen(page: Page, id: string): void {
  const { root, look, signal } = page;
  const title = createElement('h1');
  const more = createElement('p');
  const thereAre = createElement('p', { hidden: '' });
  const list = createElement('ul', { class: 'links' });
  const home = createElement('a');
  const push = createPushStep(page);
  const step = createScreenStep(page, slugOf(id), 'addIt', 'lostScreenStep');
  const main = createElement(
    'main',
    { class: 'home lost' },
    title,
    more,
    thereAre,
    list,
    createElement('p', {}, home),
    step.element,
    push.element,
  );
  root.append(main);
  signal.addEventListener('abort', () => main.remove());
  listenForKeys({ t: () => look.nextTheme(), l: () => look.nextLocale() }, signal);

  const label = () => {
    const { locale } = look;
    title.textContent = say(locale, 'unknownScreen', { id });
    more.textContent = say(locale, 'unknownScreenMore');
    thereAre.textContent = say(locale, 'thereAre');
    home.href = withSettings('/', location.search);
    home.textContent = say(locale, 'allScreens');
    document.title = `${title.textContent} · Tidewall 潮屏`;
  };
  look.onChange(label, signal);
  label();

  const show = (screens: readonly ScreenRow[]) => {
    thereAre.hidden = screens.length === 0;
    list.append(...screens.map((row) => createElement('li', {}, createScreenLink(page, row))));
  };
  // It only ends without a list when this page is taken away.
  void untilItWorks(fetchScreens, { signal, failed: () => {} }).then(show, () => {});
}

function createScreenLink({ look, signal }: Page, { id, name, nameEn }: ScreenRow): HTMLElement {
  const link = createElement('a');
  const label = () => {
    link.href = withSettings(`/s/${id}`, location.search);
    link.textContent = `${look.locale === 'en' ? (nameEn ?? name) : name} (/s/${id})`;
  };
  look.onChange(label, signal);
  label();
  return link;
}

/** The id as far as it can be one: a name to save a file under must not lead anywhere else. */
function slugOf(id: string): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
  return slug === '' ? 'my-screen' : slug;
}
