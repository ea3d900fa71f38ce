import { expect, test } from 'vitest';
import { type Text, textOf, textSchema } from './text.ts';

test('[S11] a text may be one for every reader, or one for each language', () => {
  const both: Text = { zh: '产量', en: 'Output' };
  expect([textOf(both, 'zh'), textOf(both, 'en')]).toEqual(['产量', 'Output']);
  expect([textOf('OEE', 'zh'), textOf('OEE', 'en')]).toEqual(['OEE', 'OEE']);
});

test('[S11] a prop takes both forms, and no text that a reader would miss in one language', () => {
  expect(textSchema.parse('OEE')).toBe('OEE');
  expect(textSchema.parse({ zh: '产量', en: 'Output' })).toEqual({ zh: '产量', en: 'Output' });
  for (const wrong of [{ en: 'Output' }, { zh: 1, en: 'x' }, 5, null]) {
    expect(textSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});
