import { expect, test } from 'vitest';
import { ageText, badgeWord, WORDS } from './words.ts';

test('everything is said in both languages', () => {
  for (const [name, words] of Object.entries(WORDS)) {
    expect(words.zh, name).not.toBe('');
    expect(words.en, name).not.toBe('');
  }
});

test('an age is told in its largest sensible unit', () => {
  expect([0, 12_345, 119_999, 120_000, 7_199_000, 7_200_000, 172_800_000].map(ageText)).toEqual([
    '0 s',
    '12 s',
    '119 s',
    '2 min',
    '119 min',
    '2 h',
    '2 d',
  ]);
});

test('only what is not fresh has a badge', () => {
  expect(
    (['waiting', 'ok', 'quiet', 'late', 'stale', 'failed'] as const).map((state) => badgeWord(state, 'zh')),
  ).toEqual([undefined, undefined, undefined, '迟', '过期', '数据源出错']);
});
