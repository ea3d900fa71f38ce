import type { Theme } from '@tidewall/browser-contracts';

/** Gives the pages around a screen the colours of its theme, as properties that viewer.css uses. */
export function applyChromeTheme(root: HTMLElement, theme: Theme): void {
  const { style } = root;
  style.colorScheme = theme.dark ? 'dark' : 'light';
  for (const name of ['ground', 'groundDeep', 'surface', 'line', 'accent', 'alert', 'warn', 'good'] as const) {
    style.setProperty(`--${name}`, theme[name]);
  }
  theme.text.forEach((color, step) => {
    style.setProperty(`--text-${step}`, color);
  });
  style.setProperty('--font-text', theme.fontText);
  style.setProperty('--font-number', theme.fontNumber);
}
