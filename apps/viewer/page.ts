import type { Locale, Theme, TopicReader } from '@tidewall/browser-contracts';
import type { Client } from '@tidewall/client';
import { builtinThemes, defaultTheme } from '@tidewall/runtime';
import { applyChromeTheme } from './chrome-theme.ts';
import { keepSetting, readSettings } from './settings.ts';

/** What each page of the viewer is given. */
export interface Page {
  /** Where it draws; empty. */
  readonly root: HTMLElement;
  readonly reader: TopicReader;
  readonly publisher: Pick<Client, 'publish'>;
  readonly look: PageLook;
  /** Aborted when the page is taken away: whatever it started ends then. */
  readonly signal: AbortSignal;
}

/** The language and theme of the page, which its reader may change at any time. */
export class PageLook {
  #locale: Locale;
  #theme: Theme;
  readonly #chosen: boolean;
  readonly #listeners = new Set<() => void>();

  constructor() {
    const { locale, theme } = readSettings(location.search, navigator.language);
    this.#locale = locale;
    this.#theme = builtinThemes.get(theme ?? '') ?? defaultTheme;
    this.#chosen = builtinThemes.has(theme ?? '');
    this.#apply();
  }

  get locale(): Locale {
    return this.#locale;
  }

  get theme(): Theme {
    return this.#theme;
  }

  /** Calls back after each change, until the signal is aborted. */
  onChange(changed: () => void, signal: AbortSignal): void {
    this.#listeners.add(changed);
    signal.addEventListener('abort', () => this.#listeners.delete(changed), { once: true });
  }

  /** The theme that a screen asks for; what the address says wins. */
  suggestTheme(name: string): void {
    const theme = builtinThemes.get(name);
    if (this.#chosen || theme === undefined) return;
    this.#theme = theme;
    this.#apply();
  }

  nextTheme(): void {
    const names = [...builtinThemes.keys()];
    const next = names[(names.indexOf(this.#theme.name) + 1) % names.length] ?? defaultTheme.name;
    this.#theme = builtinThemes.get(next) ?? defaultTheme;
    keepSetting(window, 'theme', next);
    this.#apply();
  }

  nextLocale(): void {
    this.#locale = this.#locale === 'zh' ? 'en' : 'zh';
    keepSetting(window, 'lang', this.#locale);
    this.#apply();
  }

  #apply(): void {
    document.documentElement.lang = this.#locale === 'zh' ? 'zh-CN' : 'en';
    applyChromeTheme(document.documentElement, this.#theme);
    for (const changed of this.#listeners) changed();
  }
}
