import { componentTypes, loadComponent } from '@tidewall/components';
import { createScreenRuntime } from '@tidewall/runtime';
import type { Screen } from '@tidewall/screen';
import { ApiError, fetchScreen } from './api.ts';
import { createElement } from './create-element.ts';
import { createHealthPanel } from './health-panel.ts';
import { createIconButton } from './icon-button.ts';
import { hideWhenIdle } from './idle.ts';
import { listenForKeys } from './keys.ts';
import { createLinkStrip } from './link-strip.ts';
import type { Page } from './page.ts';
import { showUnknownScreen } from './unknown-screen.ts';
import { untilItWorks } from './until-it-works.ts';
import { say } from './words.ts';

/** One screen in the whole window; or, when there is none of that id, a page that helps. */
export function showScreenPage(page: Page, id: string): void {
  const { root, look } = page;
  const status = createElement('p', { class: 'centered', role: 'status' });
  root.append(status);
  document.title = `${id} · Tidewall 潮屏`;

  const read = async (): Promise<Screen | undefined> => {
    try {
      return await fetchScreen(id);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) return undefined;
      throw failure;
    }
  };
  void untilItWorks(read, (failure) => {
    status.textContent = `${say(look.locale, 'unreachable')} · ${failure} · ${say(look.locale, 'retrying')}`;
  }).then((screen) => {
    status.remove();
    if (screen === undefined) showUnknownScreen(page, id);
    else showScreen(page, screen);
  });
}

function showScreen({ root, reader, look }: Page, screen: Screen): void {
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
  });
  const health = createHealthPanel(look, () => runtime.health());
  const strip = createLinkStrip(look, reader);
  const toggleFullScreen = () => {
    const change = document.fullscreenElement === null ? root.requestFullscreen() : document.exitFullscreen();
    // Browsers refuse without a click or key of the reader; there is nothing to do then.
    change.catch(() => {});
  };
  const home = createIconButton(look, 'home', 'allScreens', () => location.assign('/'));
  const bar = createElement(
    'nav',
    { class: 'bar' },
    home,
    createIconButton(look, 'health', 'healthButton', () => health.toggle()),
    createIconButton(look, 'theme', 'themeButton', () => look.nextTheme()),
    createIconButton(look, 'language', 'languageButton', () => look.nextLocale()),
    createIconButton(look, 'fullScreen', 'fullScreenButton', toggleFullScreen),
  );
  root.append(createElement('div', { class: 'corner' }, strip.element, bar), health.element);
  hideWhenIdle(root);
  listenForKeys({
    f: toggleFullScreen,
    '?': () => health.toggle(),
    t: () => look.nextTheme(),
    l: () => look.nextLocale(),
    Escape: () => health.close(),
  });

  const apply = () => {
    const { name, nameEn } = screen.meta;
    document.title = `${look.locale === 'en' ? (nameEn ?? name) : name} · Tidewall 潮屏`;
    runtime.setTheme(look.theme.name);
    runtime.setLocale(look.locale);
  };
  look.onChange(apply);
  apply();
}
