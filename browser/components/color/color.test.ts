import { describe, expect, it } from 'vitest';
import { DEEP } from '../harness/themes.ts';
import { colorOf, fade } from './color.ts';

describe('fade', () => {
  it('multiplies the opacity of hex and rgb colours', () => {
    expect(fade('#35c8ff', 0.5)).toBe('rgba(53, 200, 255, 0.5)');
    expect(fade('#fff', 0.25)).toBe('rgba(255, 255, 255, 0.25)');
    expect(fade('#00000080', 0.5)).toBe('rgba(0, 0, 0, 0.251)');
    expect(fade('rgb(1 2 3 / 50%)', 0.5)).toBe('rgba(1, 2, 3, 0.25)');
    expect(fade('rgba(1, 2, 3, 0.4)', 0.5)).toBe('rgba(1, 2, 3, 0.2)');
  });

  it('leaves a colour that it cannot read to the browser', () => {
    expect(fade('oklch(70% 0.1 200)', 0.3)).toBe('color-mix(in srgb, oklch(70% 0.1 200) 30%, transparent)');
  });
});

describe('colorOf', () => {
  it('takes tones, places in the palette and CSS colours', () => {
    expect(colorOf('alert', DEEP, 0)).toBe(DEEP.alert);
    expect(colorOf('2', DEEP, 0)).toBe(DEEP.palette[1]);
    expect(colorOf('#123456', DEEP, 0)).toBe('#123456');
  });

  it('goes round the palette when nothing is asked for', () => {
    expect(colorOf('', DEEP, 1)).toBe(DEEP.palette[1]);
    expect(colorOf('', DEEP, DEEP.palette.length)).toBe(DEEP.palette[0]);
  });
});
