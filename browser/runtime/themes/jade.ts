import type { Theme } from '@tidewall/browser-contracts';
import { FONT_NUMBER, FONT_TEXT } from './fonts.ts';

/** Night green with a jade light, for rooms where blue is everywhere already. */
export const jade: Theme = {
  name: 'jade',
  dark: true,
  ground: '#04140f',
  groundDeep: '#020b08',
  surface: '#08211a',
  line: '#14392d',
  text: ['#effcf6', '#c5e0d4', '#8fb3a3', '#6b9182', '#3b5b4e'],
  accent: '#37e0a2',
  alert: '#ff8478',
  warn: '#ffc24d',
  good: '#8be04e',
  palette: ['#37e0a2', '#3fb8e8', '#b5e05a', '#f2c14e', '#5fd6d0', '#f08b73', '#a79af0', '#8fb3a3'],
  fontText: FONT_TEXT,
  fontNumber: FONT_NUMBER,
};
