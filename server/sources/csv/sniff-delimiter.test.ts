import { expect, it } from 'vitest';
import { sniffDelimiter } from './sniff-delimiter.ts';

it.each([
  ['a,b\n1,2\n', ','],
  ['a;b\n1,5;2,5\n', ';'],
  ['a\tb\tc\n1\t2\t3\n', '\t'],
  ['a|b\n1|2\n', '|'],
  ['name,note\nx,"a;b;c"\ny,"d;e;f"\n', ','],
  ['name,note\nx,a|b\ny,c|d\n', ','],
  ['a\n1\n2\n', ','],
  ['', ','],
])('of %j it is %j', (text, delimiter) => {
  expect(sniffDelimiter(text, '"', '.')).toBe(delimiter);
});

it('a comma that stands before fractions counts last', () => {
  expect(sniffDelimiter('a,x;b\n1,5;2\n', '"', ',')).toBe(';');
});
