import { Scheduler } from '@tidewall/runtime';
import { fetchScreens, type ScreenRow } from './api.ts';
import { createElement } from './create-element.ts';
import { failureText } from './failure-text.ts';
import { createPushStep, createScreenStep } from './first-step.ts';
import { createIconButton } from './icon-button.ts';
import { listenForKeys } from './keys.ts';
import { createLinkStrip } from './link-strip.ts';
import type { Page } from './page.ts';
import { createScreenCard, type ScreenCard } from './screen-card.ts';
import { createTopicList } from './topic-list.ts';
import { untilItWorks } from './until-it-works.ts';
import { createWhoIsHere } from './who-is-here.ts';
import { say } from './words.ts';

/** The list of screens with live thumbnails, and what there is to show on them. */
export function showHome(page: Page): void {
  const { root, reader, look, signal } = page;
  const scheduler = new Scheduler({ serverNow: () => reader.serverNow() });
  const tagline = createElement('p', { class: 'tagline' });
  const heading = createElement('h2');
  const cards = createElement('div', { class: 'cards' });
  const status = createElement('p', { class: 'quiet', role: 'status' });
  let shown: readonly ScreenCard[] | undefined;
  let failure: unknown;

  const header = createElement(
    'header',
    { class: 'home-header' },
    createElement('img', { src: '/favicon.svg', alt: '', width: '40', height: '40' }),
    createElement('div', {}, createElement('h1', {}, 'Tidewall 潮屏'), tagline),
    createElement(
      'div',
      { class: 'buttons' },
      createWhoIsHere(page),
      createIconButton(page, 'theme', 'themeButton', () => look.nextTheme()),
      createIconButton(page, 'language', 'languageButton', () => look.nextLocale()),
    ),
  );
  const main = createElement(
    'main',
    {},
    createElement('section', {}, heading, status, cards),
    createElement('div', { class: 'columns' }, createTopicList(page).element, createPushStep(page).element),
  );
  const corner = createElement('div', { class: 'corner' }, createLinkStrip(page).element);
  root.append(createElement('div', { class: 'home' }, header, main), corner);
  listenForKeys({ t: () => look.nextTheme(), l: () => look.nextLocale() }, signal);

  function label(): void {
    const { locale } = look;
    document.title = `Tidewall 潮屏 · ${say(locale, 'screens')}`;
    tagline.textContent = say(locale, 'tagline');
    heading.textContent = say(locale, 'screens');
    status.textContent = shown === undefined ? progress() : '';
    for (const card of shown ?? []) card.update();
  }

  function progress(): string {
    const { locale } = look;
    if (failure === undefined) return say(locale, 'loading');
    return `${failureText(locale, failure)} · ${say(locale, 'retrying')}`;
  }

  function show(rows: readonly ScreenRow[]): void {
    shown = rows.map((row) => createScreenCard(row, page, scheduler));
    cards.append(...shown.map(({ element }) => element));
    if (rows.length === 0) cards.append(createScreenStep(page, 'my-screen', 'noScreens', 'screenStep').element);
    label();
  }

  look.onChange(label, signal);
  label();
  const failed = (why: unknown) => {
    failure = why;
    label();
  };
  // It only ends without a list when the page is taken away.
  void untilItWorks(fetchScreens, { signal, failed }).then(show, () => {});
}
