import type { Theme } from '@tidewall/browser-contracts';
import { FONT_NUMBER, FONT_TEXT } from './fonts.ts';

/** For bright rooms, print and meetings. */
export const light: Theme = {
  name: 'light',
  dark: false,
  ground: '#f1f5f9',
  groundDeep: '#e8eef5',
  surface: '#ffffff',
  line: '#d2dde8',
  text: ['#0b1a2b', '#1f3246', '#3d5065', '#566b80', '#a3b3c3'],
  accent: '#004e99',
  alert: '#9e0d29',
  warn: '#733f00',
  good: '#005a35',
  palette: ['#0061bd', '#00857a', '#b8620a', '#6d45c4', '#b0246a', '#4a7d0c', '#3f6391', '#8c4a22'],
  fontText: FONT_TEXT,
  fontNumber: FONT_NUMBER,
};
