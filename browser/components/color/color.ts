import type { Theme } from '@tidewall/browser-contracts';

const HEX = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
const RGB = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+%?))?\s*\)$/i;

/**
 * The colour with its opacity multiplied by `share` (0–1), in a form that a canvas takes.
 * Hex and rgb() are computed, since chart libraries parse only those; anything else is left to the browser to mix.
 */
export function fade(color: string, share: number): string {
  const parts = channels(color.trim());
  if (parts === undefined) return `color-mix(in srgb, ${color} ${Math.round(share * 100)}%, transparent)`;
  const [red, green, blue, alpha] = parts;
  return `rgba(${red}, ${green}, ${blue}, ${Number((alpha * share).toFixed(3))})`;
}

/** What a colour prop may name instead of a CSS colour. */
export const TONES = ['accent', 'good', 'warn', 'alert', 'muted'] as const;

/**
 * The colour that a prop asks for: a tone of the theme, a place in its palette (`1` is the first), or a CSS colour;
 * the `index`-th of the palette when it asks for nothing.
 */
export function colorOf(wish: string, theme: Theme, index: number): string {
  switch (wish) {
    case '':
      return paletteColor(theme, index);
    case 'accent':
    case 'good':
    case 'warn':
    case 'alert':
      return theme[wish];
    case 'muted':
      return theme.text[4];
    default:
      return /^\d{1,2}$/.test(wish) ? paletteColor(theme, Number(wish) - 1) : wish;
  }
}

function paletteColor(theme: Theme, index: number): string {
  const { palette } = theme;
  return palette[((index % palette.length) + palette.length) % palette.length] ?? theme.accent;
}

function channels(color: string): [number, number, number, number] | undefined {
  const hex = HEX.exec(color)?.[1];
  if (hex !== undefined) {
    const wide = hex.length <= 4 ? [...hex].map((digit) => digit + digit).join('') : hex;
    const byte = (at: number): number => Number.parseInt(wide.slice(at, at + 2), 16);
    return [byte(0), byte(2), byte(4), wide.length === 8 ? Number((byte(6) / 255).toFixed(3)) : 1];
  }
  const rgb = RGB.exec(color);
  if (rgb === null) return undefined;
  const [, red, green, blue, alpha = '1'] = rgb;
  const opacity = alpha.endsWith('%') ? Number.parseFloat(alpha) / 100 : Number(alpha);
  return [Number(red), Number(green), Number(blue), opacity];
}
