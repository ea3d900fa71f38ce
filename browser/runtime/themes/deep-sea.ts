import type { Theme } from '@tidewall/browser-contracts';
import { FONT_NUMBER, FONT_TEXT } from './fonts.ts';

/** Deep blue with one cyan light: the default. */
export const deepSea: Theme = {
  name: 'deep-sea',
  dark: true,
  ground: '#05101f',
  groundDeep: '#020812',
  surface: '#081a2e',
  line: '#16314d',
  text: ['#eef6ff', '#c4d6ea', '#8fa9c4', '#6c88a5', '#3d5671'],
  accent: '#3cc8f4',
  alert: '#ff7c88',
  warn: '#ffb650',
  good: '#3ddc9a',
  palette: ['#3cc8f4', '#4f86f7', '#35d6b4', '#f5b75b', '#a58bfa', '#f2809f', '#93d866', '#86a9c9'],
  fontText: FONT_TEXT,
  fontNumber: FONT_NUMBER,
};
