import type { Theme } from '@tidewall/browser-contracts';
import { FONT_NUMBER, FONT_TEXT } from './fonts.ts';

/** Pure black, and nothing that is hard to tell apart: for bad projectors and weak eyes. */
export const highContrast: Theme = {
  name: 'high-contrast',
  dark: true,
  ground: '#000000',
  groundDeep: '#000000',
  surface: '#000000',
  line: '#8c8c8c',
  text: ['#ffffff', '#f2f2f2', '#d9d9d9', '#bfbfbf', '#8c8c8c'],
  accent: '#ffe100',
  alert: '#ff7a7a',
  warn: '#ffb000',
  good: '#5cff8f',
  palette: ['#ffe100', '#4dd2ff', '#ff8ad8', '#5cff8f', '#ffb000', '#b8a6ff', '#ffffff', '#ff7a7a'],
  fontText: FONT_TEXT,
  fontNumber: FONT_NUMBER,
};
