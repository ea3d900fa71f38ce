import { expect, it } from 'vitest';
import { nextLink } from './next-page.ts';

it.each([
  ['<http://h/2>; rel="next"', 'http://h/2'],
  ['</2>; rel=next', '/2'],
  ['<?a=1,2>; title="a, <b>; rel=\\"next\\""; REL="last next"', '?a=1,2'],
  ['<a>; rel="prev", <b>; rel="next"; title="x", <c>; rel="last"', 'b'],
  ['<a>;rel="NEXT"', 'a'],
])('the next page of %s', (header, link) => {
  expect(nextLink(header)).toBe(link);
});

it.each([undefined, '', '<a>; rel="prev"', '<a>', 'a; rel=next', '<a>; rel="nextish"', '<a>; title="rel=next"'])(
  'none is in %j',
  (header) => expect(nextLink(header)).toBeUndefined(),
);

it('a header of any length is read in no time', () => {
  const begun = performance.now();
  nextLink(`<${'a'.repeat(8000)}`.repeat(2));
  nextLink(`<a>; rel="${'\\'.repeat(16_000)}`);
  nextLink(`<a>${';x="'.repeat(4000)}`);
  nextLink('<'.repeat(16_000));
  nextLink('<>'.repeat(8_000));
  expect(performance.now() - begun).toBeLessThan(1_000);
});
