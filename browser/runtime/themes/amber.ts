import type { Theme } from '@tidewall/browser-contracts';
import { FONT_NUMBER, FONT_TEXT } from './fonts.ts';

/** Warm dark with an amber light, easy on eyes that watch through a night shift. */
export const amber: Theme = {
  name: 'amber',
  dark: true,
  ground: '#140d05',
  groundDeep: '#0b0702',
  surface: '#21170b',
  line: '#3d2d17',
  text: ['#fff8ec', '#e6d6bd', '#b8a283', '#957f62', '#5e4d36'],
  accent: '#ffb52e',
  alert: '#ff8072',
  warn: '#ffe066',
  good: '#9bd64a',
  palette: ['#ffb52e', '#ff8a4c', '#f2d46b', '#5cc8c2', '#d99bd8', '#8fb7e8', '#b9d45c', '#b8a283'],
  fontText: FONT_TEXT,
  fontNumber: FONT_NUMBER,
};
