import { componentTypes, loadComponent } from '@tidewall/components';
import { createScreenRuntime } from '@tidewall/runtime';
import type { Screen, VariableValues } from '@tidewall/screen';
import { ApiError, fetchScreen } from './api.ts';
import { createElement } from './create-element.ts';
import { openEmbedding } from './embedding.ts';
import { failureText } from './failure-text.ts';
import { createHealthPanel } from './health-panel.ts';
import { createIconButton, createIconLink } from './icon-button.ts';
import { hideWhenIdle } from './idle.ts';
import { listenForKeys } from './keys.ts';
import { createLinkStrip } from './link-strip.ts';
import type { Page } from './page.ts';
import { showUnknownScreen } from './unknown-screen.ts';
import { untilItWorks } from './until-it-works.ts';
import { say } from './words.ts';

/** How often a screen that is not there is asked for again: somebody may be about to save it. */
const UNKNOWN_RETRY_MS = 10_000;

/** One screen in the whole window; as long as there is none of that id, a page that helps. */
export function showScreenPage(page: Page, id: string): void {
  const waiting = new Waiting(page, id);
  void untilItWorks((signal) => fetchScreen(id, signal), {
    signal: page.signal,
    failed: (failure) => waiting.failed(failure),
    waitMs: (failure) => (isUnknownScreen(failure) ? UNKNOWN_RETRY_MS : undefined),
  }).then(
    (screen) => {
      waiting.end();
      showScreen(page, screen);
    },
    // The page was taken away.
    () => waiting.end(),
  );
}

/** Only this word of the server says that there is no such screen; a proxy's 404 or a limit says nothing of screens. */
function isUnknownScreen(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 404 && failure.code === 'unknown_screen';
}

/** What is shown in place of a screen that is not there yet: why, or the page that helps. */
class Waiting {
  readonly #page: Page;
  readonly #id: string;
  readonly #over = new AbortController();
  readonly #status = createElement('p', { class: 'centered', role: 'status' });
  #failure: unknown;
  #help: AbortController | undefined;

  constructor(page: Page, id: string) {
    this.#page = page;
    this.#id = id;
    page.root.append(this.#status);
    page.look.onChange(() => this.#show(), this.#over.signal);
    this.#show();
  }

  failed(failure: unknown): void {
    this.#failure = failure;
    const unknown = isUnknownScreen(failure);
    if (unknown && this.#help === undefined) {
      this.#help = new AbortController();
      showUnknownScreen({ ...this.#page, signal: this.#help.signal }, this.#id);
    }
    // The page that helps stays when the server cannot be asked for a while: what it says was so when it was last asked.
    this.#show();
  }

  end(): void {
    this.#over.abort();
    this.#help?.abort();
    this.#status.remove();
  }

  #show(): void {
    const { locale } = this.#page.look;
    if (this.#help !== undefined) {
      this.#status.remove();
      return;
    }
    document.title = `${this.#id} · Tidewall 潮屏`;
    const why = this.#failure === undefined ? '' : `${failureText(locale, this.#failure)} · ${say(locale, 'retrying')}`;
    this.#status.textContent = why;
  }
}

export interface ScreenView {
  /** Values of variables that the address cannot change. */
  readonly fixed?: VariableValues;
  /** Whether it was come to by a link that leads here alone. */
  readonly shared?: boolean;
}

/** Shows a screen in the whole window. */
export function showScreen(page: Page, screen: Screen, { fixed = {}, shared = false }: ScreenView = {}): void {
  const { root, reader, publisher, look, signal } = page;
  look.suggestTheme(screen.theme);
  const stage = createElement('main', { class: 'stage' });
  root.append(stage);
  const runtime = createScreenRuntime({
    root: stage,
    screen: { ...screen, theme: look.theme.name },
    reader,
    loadComponent,
    componentTypes,
    locale: look.locale,
    mode: 'screen',
    fixed,
    address: addressValues(location),
  });
  signal.addEventListener('abort', () => runtime.dispose());
  const health = createHealthPanel(page, () => runtime.health());
  const strip = createLinkStrip(page);
  const toggleFullScreen = () => {
    const change = document.fullscreenElement === null ? root.requestFullscreen() : document.exitFullscreen();
    // Browsers refuse without a click or key of the reader; there is nothing to do then.
    change.catch(() => {});
  };
  const bar = createElement(
    'nav',
    { class: 'bar' },
    ...(shared ? [] : [createIconLink(page, 'home', 'allScreens', '/')]),
    createIconButton(page, 'health', 'healthButton', () => health.toggle()),
    createIconButton(page, 'theme', 'themeButton', () => look.nextTheme()),
    createIconButton(page, 'language', 'languageButton', () => look.nextLocale()),
    createIconButton(page, 'fullScreen', 'fullScreenButton', toggleFullScreen),
  );
  root.append(createElement('div', { class: 'corner' }, strip.element, bar), health.element);
  hideWhenIdle(root);
  listenForKeys(
    {
      f: toggleFullScreen,
      '?': () => health.toggle(),
      t: () => look.nextTheme(),
      l: () => look.nextLocale(),
      Escape: () => health.close(),
    },
    signal,
  );

  const apply = () => {
    const { name, nameEn } = screen.meta;
    document.title = `${look.locale === 'en' ? (nameEn ?? name) : name} · Tidewall 潮屏`;
    runtime.setTheme(look.theme.name);
    runtime.setLocale(look.locale);
  };
  look.onChange(apply, signal);
  apply();
  openEmbedding({ window, screen, reader, publisher, stage, signal });
}

/** Values by name, behind `?` or `#`. */
function addressValues({ search, hash }: Pick<Location, 'search' | 'hash'>): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(search), ...new URLSearchParams(hash.slice(1))]);
}
