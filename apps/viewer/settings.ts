import type { Locale } from '@tidewall/browser-contracts';

/** What a reader may choose about a page; it stands in the address, so that a link keeps it. */
export interface Settings {
  readonly locale: Locale;
  /** Undefined: what the screen says. */
  readonly theme: string | undefined;
}

/** The settings of an address, for a reader whose system prefers `language`. */
export function readSettings(search: string, language: string): Settings {
  const query = new URLSearchParams(search);
  const asked = query.get('lang')?.toLowerCase() ?? language.toLowerCase();
  return { locale: asked.startsWith('zh') ? 'zh' : 'en', theme: query.get('theme') ?? undefined };
}

/** Puts one choice into the address without loading the page again. */
export function keepSetting(window: Window, name: 'lang' | 'theme', value: string): void {
  const address = new URL(window.location.href);
  address.searchParams.set(name, value);
  window.history.replaceState(null, '', address);
}

/** An address within the viewer that takes the reader's choices along. */
export function withSettings(path: string, search: string): string {
  const from = new URLSearchParams(search);
  const kept = new URLSearchParams();
  for (const name of ['lang', 'theme']) {
    const value = from.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept.size === 0 ? path : `${path}?${kept}`;
}
