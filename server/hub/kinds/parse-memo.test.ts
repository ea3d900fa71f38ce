import { expect, test } from 'vitest';
import { createParseMemo } from './parse-memo.ts';

test('[H41] an entry that many filters look at is parsed once; large ones are not hoarded', () => {
  const parse = createParseMemo();
  const text = (n: number, length: number) => JSON.stringify([n, 'x'.repeat(length)]);
  const small = parse(text(0, 10));
  expect(parse(text(0, 10))).toBe(small);
  const large = parse(text(1, 200_000));
  expect(parse(text(0, 10))).toBe(small);
  expect(parse(text(1, 200_000))).toBe(large);
  parse(text(2, 200_000));
  expect(parse(text(1, 200_000))).not.toBe(large);
  for (let n = 0; n < 1000; n++) parse(text(n, 10));
  expect(parse(text(999, 10))).toBe(parse(text(999, 10)));
  expect(parse('null')).toBe(null);
});
