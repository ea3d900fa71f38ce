import { Scheduler } from '@tidewall/runtime';
import { fetchScreens, type ScreenRow } from './api.ts';
import { createElement } from './create-element.ts';
import { createPushStep, createScreenStep } from './first-step.ts';
import { createIconButton } from './icon-button.ts';
import { listenForKeys } from './keys.ts';
import type { Page } from './page.ts';
import { createScreenCard, type ScreenCard } from './screen-card.ts';
import { createTopicList } from './topic-list.ts';
import { untilItWorks } from './until-it-works.ts';
import { say } from './words.ts';

/** The list of screens with live thumbnails, and what there is to show on them. */
export function showHome(page: Page): void {
  const { root, reader, look } = page;
  const scheduler = new Scheduler({ serverNow: () => reader.serverNow() });
  const tagline = createElement('p', { class: 'tagline' });
  const heading = createElement('h2');
  const cards = createElement('div', { class: 'cards' });
  const topics = createTopicList(look);
  const status = createElement('p', { class: 'quiet', role: 'status' });
  let shown: readonly ScreenCard[] = [];

  const header = createElement(
    'header',
    { class: 'home-header' },
    createElement('img', { src: '/favicon.svg', alt: '', width: '40', height: '40' }),
    createElement('div', {}, createElement('h1', {}, 'Tidewall 潮屏'), tagline),
    createElement(
      'div',
      { class: 'buttons' },
      createIconButton(look, 'theme', 'themeButton', () => look.nextTheme()),
      createIconButton(look, 'language', 'languageButton', () => look.nextLocale()),
    ),
  );
  const push = createPushStep(look);
  const main = createElement(
    'main',
    {},
    createElement('section', {}, heading, status, cards),
    createElement('div', { class: 'columns' }, topics.element, push.element),
  );
  root.append(createElement('div', { class: 'home' }, header, main));
  listenForKeys({ t: () => look.nextTheme(), l: () => look.nextLocale() });

  function label(): void {
    document.title = `Tidewall 潮屏 · ${say(look.locale, 'screens')}`;
    tagline.textContent = say(look.locale, 'tagline');
    heading.textContent = say(look.locale, 'screens');
    for (const card of shown) card.update(look);
  }

  function show(rows: readonly ScreenRow[]): void {
    status.textContent = '';
    shown = rows.map((row) => createScreenCard(row, page, scheduler));
    cards.append(...shown.map(({ element }) => element));
    if (rows.length === 0) cards.append(createScreenStep(look, 'my-screen', 'noScreens').element);
    label();
  }

  status.textContent = say(look.locale, 'loading');
  look.onChange(label);
  label();
  void untilItWorks(fetchScreens, (failure) => {
    status.textContent = `${say(look.locale, 'unreachable')} · ${failure} · ${say(look.locale, 'retrying')}`;
  }).then(show);
}
