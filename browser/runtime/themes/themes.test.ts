import type { Theme } from '@tidewall/browser-contracts';
import { describe, expect, test } from 'vitest';
import { builtinThemes, defaultTheme } from './index.ts';

/** Relative luminance of `#rrggbb` (WCAG 2.2). */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}

const lowest = (color: string, theme: Theme) =>
  Math.min(...[theme.ground, theme.groundDeep, theme.surface].map((behind) => contrast(color, behind)));

test('the default theme is one of those that can be named', () => {
  expect(builtinThemes.get('deep-sea')).toBe(defaultTheme);
  expect([...builtinThemes.keys()]).toEqual(['deep-sea', 'jade', 'amber', 'light', 'high-contrast']);
});

describe.each([...builtinThemes.values()])('$name', (theme) => {
  test('colours are plain hex, which every chart library understands', () => {
    const { ground, groundDeep, surface, line, text, accent, alert, warn, good, palette } = theme;
    for (const color of [ground, groundDeep, surface, line, ...text, accent, alert, warn, good, ...palette]) {
      expect(color).toMatch(/^#[0-9a-f]{6}$/);
    }
  });

  test('whatever is read, links and states too, has 7:1 on every ground, and hints have 4.5:1', () => {
    const { text, accent, alert, warn, good } = theme;
    for (const color of [text[0], text[1], text[2], accent, alert, warn, good]) {
      expect(lowest(color, theme), color).toBeGreaterThanOrEqual(7);
    }
    expect(lowest(text[3], theme)).toBeGreaterThanOrEqual(4.5);
  });

  test('each step of text is plainly weaker than the one before', () => {
    const ratios = theme.text.map((color) => lowest(color, theme));
    ratios.slice(1).forEach((ratio, at) => {
      expect((ratios[at] ?? 0) / ratio, `text[${at}] to text[${at + 1}]`).toBeGreaterThanOrEqual(1.1);
    });
  });

  test('what carries data stands out from every ground', () => {
    for (const color of theme.palette) expect(lowest(color, theme), color).toBeGreaterThanOrEqual(3);
  });

  test('data has eight colours, none twice', () => {
    expect(new Set(theme.palette).size).toBe(8);
  });

  test('fonts name both scripts and end in one that is always there', () => {
    for (const font of [theme.fontText, theme.fontNumber]) {
      expect(font).toContain('"Noto Sans SC"');
      expect(font).toContain('"Microsoft YaHei"');
      expect(font).toMatch(/, sans-serif$/);
    }
  });
});
