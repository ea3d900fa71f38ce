import type { DataState } from '@tidewall/browser-contracts';
import { expect, test } from 'vitest';
import { cardMark } from './card-mark.ts';

const healthOf = (...states: DataState[]) => states.map((state) => ({ state, problem: undefined }));

test('a screen that does well has no mark', () => {
  expect(cardMark('en', healthOf('ok', 'quiet', 'waiting'))).toEqual({ text: '', state: undefined });
});

test('what is late, stale or failed is counted, worst first', () => {
  expect(cardMark('en', healthOf('late', 'ok', 'stale', 'late'))).toEqual({ text: '1 stale · 2 late', state: 'stale' });
  expect(cardMark('zh', healthOf('late', 'failed'))).toEqual({ text: '1 出错 · 1 迟', state: 'failed' });
});

test('an element whose data does not fit has failed, however fresh it is', () => {
  const mark = cardMark('en', [{ state: 'ok', problem: '.value: a number ≠ nothing' }]);
  expect(mark).toEqual({ text: '1 failed', state: 'failed' });
});
