import { componentTypes, loadComponent } from '@tidewall/components';
import { createScreenRuntime, type Scheduler, type ScreenRuntime } from '@tidewall/runtime';
import type { Screen } from '@tidewall/screen';
import { fetchScreen, type ScreenRow } from './api.ts';
import { createElement } from './create-element.ts';
import type { Page, PageLook } from './page.ts';
import { withSettings } from './settings.ts';
import { say } from './words.ts';

/** One screen in the list, with a small live picture of it. */
export interface ScreenCard {
  readonly element: HTMLElement;
  /** Shows language and theme as they are now. */
  update(look: PageLook): void;
}

/** A card whose picture comes alive when it is scrolled into view. */
export function createScreenCard(row: ScreenRow, page: Page, scheduler: Scheduler): ScreenCard {
  const picture = createElement('div', { class: 'thumbnail', inert: '', 'aria-hidden': 'true' });
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
  let screen: Screen | undefined;
  let runtime: ScreenRuntime | undefined;

  function update({ locale, theme }: PageLook): void {
    element.href = withSettings(`/s/${row.id}`, location.search);
    name.textContent = locale === 'en' ? (row.nameEn ?? row.name) : row.name;
    const inEnglish = locale === 'en' ? screen?.meta.descriptionEn : undefined;
    description.textContent = inEnglish ?? row.description;
    count.textContent = say(locale, 'elements', { count: row.elements });
    runtime?.setLocale(locale);
    // A thumbnail has its screen's own theme until the reader chooses one.
    if (new URLSearchParams(location.search).has('theme')) runtime?.setTheme(theme.name);
  }

  async function start(): Promise<void> {
    try {
      screen = await fetchScreen(row.id);
      runtime = createScreenRuntime({
        root: picture,
        screen,
        reader: page.reader,
        loadComponent,
        componentTypes,
        locale: page.look.locale,
        mode: 'thumbnail',
        scheduler,
      });
    } catch {
      // The screen itself may still open, and says what is wrong there.
      picture.textContent = say(page.look.locale, 'thumbnailFailed');
    }
    update(page.look);
  }

  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    void start();
  });
  seen.observe(picture);
  return { element, update };
}
