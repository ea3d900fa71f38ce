import { fetchScreens } from './api.ts';
import { createElement } from './create-element.ts';
import { createPushStep, createScreenStep } from './first-step.ts';
import { listenForKeys } from './keys.ts';
import type { Page } from './page.ts';
import { withSettings } from './settings.ts';
import { untilItWorks } from './until-it-works.ts';
import { say } from './words.ts';

/** The page for a screen that is not there: which there are, and how to add it. */
export function showUnknownScreen({ root, look }: Page, id: string): void {
  const title = createElement('h1');
  const more = createElement('p');
  const list = createElement('ul', { class: 'links' });
  const home = createElement('a', { href: withSettings('/', location.search) });
  const push = createPushStep(look);
  const step = createScreenStep(look, slugOf(id), 'addIt');
  root.append(
    createElement(
      'main',
      { class: 'home lost' },
      title,
      more,
      list,
      createElement('p', {}, home),
      step.element,
      push.element,
    ),
  );
  listenForKeys({ t: () => look.nextTheme(), l: () => look.nextLocale() });

  const label = () => {
    const { locale } = look;
    title.textContent = say(locale, 'unknownScreen', { id });
    more.textContent = say(locale, 'unknownScreenMore');
    home.textContent = say(locale, 'allScreens');
    document.title = `${title.textContent} · Tidewall 潮屏`;
  };
  look.onChange(label);
  label();

  void untilItWorks(fetchScreens, () => {}).then((screens) => {
    more.hidden = screens.length === 0;
    list.append(
      ...screens.map(({ id: other, name, nameEn }) => {
        const link = createElement('a', { href: withSettings(`/s/${other}`, location.search) });
        const words = () => {
          link.textContent = `${look.locale === 'en' ? (nameEn ?? name) : name} (/s/${other})`;
        };
        look.onChange(words);
        words();
        return createElement('li', {}, link);
      }),
    );
  });
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
