import type { Theme } from '@tidewall/browser-contracts';

/** A dark theme for the contract suite: the components must look right on it, and know nothing of it. */
export const DEEP: Theme = {
  name: 'test-deep',
  dark: true,
  ground: '#05101f',
  groundDeep: '#030a15',
  surface: 'rgba(17, 43, 75, 0.42)',
  line: 'rgba(92, 156, 214, 0.26)',
  text: ['#f2f8ff', '#d5e5f7', '#a9c3de', '#86a5c6', '#4d6a8a'],
  accent: '#35c8ff',
  alert: '#ff6b78',
  warn: '#ffb84d',
  good: '#3ddc97',
  palette: ['#35c8ff', '#4f7dff', '#3ddcb0', '#ffb84d', '#a78bfa', '#ff7fa8', '#9adf6b', '#7fb4d6'],
  fontText: '"Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif',
  fontNumber: '"Noto Sans CJK SC", "Noto Sans SC", sans-serif',
};

/** A light one, as far from the dark one as a theme may be. */
export const PAPER: Theme = {
  name: 'test-paper',
  dark: false,
  ground: '#f3f6fa',
  groundDeep: '#e6ecf3',
  surface: '#ffffff',
  line: '#d3dde8',
  text: ['#0c1b2d', '#1e3045', '#3a4f67', '#4d6178', '#93a3b5'],
  accent: '#0063c7',
  alert: '#b3142b',
  warn: '#8a5200',
  good: '#0a6b43',
  palette: ['#0063c7', '#00857a', '#b35c00', '#6d3fc0', '#a61e5c', '#4a7a00', '#3b5b85', '#8a3f1f'],
  fontText: '"Noto Sans CJK SC", sans-serif',
  fontNumber: '"Noto Sans CJK SC", sans-serif',
};
