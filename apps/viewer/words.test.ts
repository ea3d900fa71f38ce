import { expect, test } from 'vitest';
import { ageText, say, WORDS, type WordName } from './words.ts';

const names = Object.keys(WORDS) as WordName[];

test.each(names)('%s is said in both languages, with the same to fill in', (name) => {
  const slots = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  expect(WORDS[name].zh).not.toBe('');
  expect(WORDS[name].en).not.toBe('');
  expect(slots(WORDS[name].zh)).toEqual(slots(WORDS[name].en));
});

test('what is filled in stands in its place', () => {
  expect(say('en', 'nextTry', { seconds: 3 })).toBe('next try in 3 s');
  expect(say('zh', 'unknownScreen', { id: 'a$&b' })).toBe('没有大屏“a$&b”');
});

test('ages are told in a unit that a reader can grasp', () => {
  expect([400, 12_000, 180_000, 10_800_000, 259_200_000].map(ageText)).toEqual([
    '0.4 s',
    '12 s',
    '3 min',
    '3 h',
    '3 d',
  ]);
});
