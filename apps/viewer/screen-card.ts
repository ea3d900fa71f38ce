import { componentTypes, loadComponent } from '@tidewall/components';
import { createScreenRuntime, type Scheduler, type ScreenRuntime } from '@tidewall/runtime';
import { fetchScreen, type ScreenRow } from './api.ts';
import { cardMark } from './card-mark.ts';
import { createElement } from './create-element.ts';
import { setText } from './keyed-rows.ts';
import type { Page } from './page.ts';
import { withSettings } from './settings.ts';
import { untilItWorks } from './until-it-works.ts';
import { say } from './words.ts';

/** One screen in the list, with a small live picture of it and a mark when that is not to be trusted. */
export interface ScreenCard {
  readonly element: HTMLElement;
  /** Shows language and theme as they are now. */
  update(): void;
}

/** A card whose picture comes alive when it is scrolled into view. */
export function createScreenCard(row: ScreenRow, page: Page, scheduler: Scheduler): ScreenCard {
  const { look, signal } = page;
  const glass = createElement('div', { class: 'glass', inert: '', 'aria-hidden': 'true' });
  const failed = createElement('span', { hidden: '' });
  const mark = createElement('span', { class: 'mark', hidden: '' });
  const picture = createElement('div', { class: 'thumbnail' }, glass, failed, mark);
  picture.style.aspectRatio = `${row.width} / ${row.height}`;
  const name = createElement('h3');
  const description = createElement('p');
  const count = createElement('p', { class: 'quiet' });
  const element = createElement(
    'a',
    { class: 'card' },
    picture,
    createElement('div', { class: 'card-text' }, name, description, count),
  );
  let runtime: ScreenRuntime | undefined;

  function update(): void {
    const { locale, theme } = look;
    const english = locale === 'en';
    element.href = withSettings(`/s/${row.id}`, location.search);
    name.textContent = (english ? row.nameEn : undefined) ?? row.name;
    description.textContent = (english ? row.descriptionEn : undefined) ?? row.description;
    count.textContent = say(locale, row.elements === 1 ? 'oneElement' : 'elements', { count: row.elements });
    failed.textContent = say(locale, 'thumbnailFailed');
    runtime?.setLocale(locale);
    // A thumbnail has its screen's own theme until the reader chooses one.
    if (new URLSearchParams(location.search).has('theme')) runtime?.setTheme(theme.name);
    showMark();
  }

  function showMark(): void {
    const { text, state } = cardMark(look.locale, runtime?.health() ?? []);
    mark.hidden = text === '';
    mark.dataset['state'] = state;
    setText(mark, text);
  }

  async function start(): Promise<void> {
    const screen = await untilItWorks((over) => fetchScreen(row.id, over), {
      signal,
      failed: () => {
        failed.hidden = false;
      },
    });
    runtime = createScreenRuntime({
      root: glass,
      screen,
      reader: page.reader,
      loadComponent,
      componentTypes,
      locale: look.locale,
      mode: 'thumbnail',
      scheduler,
    });
    failed.hidden = true;
    scheduler.everySecond(showMark);
    update();
  }

  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    start().catch(() => {
      // The screen itself may still open, and says what is wrong there.
      failed.hidden = false;
    });
  });
  seen.observe(picture);
  return { element, update };
}
