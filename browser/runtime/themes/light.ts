import type { Theme } from '@tidewall/browser-contracts';
import { FONT_NUMBER, FONT_TEXT } from './fonts.ts';

/** For bright rooms, print and meetings. */
export const light: Theme = {
  name: 'light',
  dark: false,
  ground: '#eef3f8',
  groundDeep: '#e0e8f1',
  surface: '#ffffff',
  line: '#d2dde8',
  text: ['#0b1a2b', '#26394d', '#4a6077', '#62788f', '#a3b3c3'],
  accent: '#0061bd',
  alert: '#c41e3a',
  warn: '#8a5000',
  good: '#0a7045',
  palette: ['#0061bd', '#00857a', '#b8620a', '#6d45c4', '#b0246a', '#4a7d0c', '#3f6391', '#8c4a22'],
  fontText: FONT_TEXT,
  fontNumber: FONT_NUMBER,
};
