import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTopicName } from './topic.ts';
import { parseVariant, variantPart, variantTopic } from './variant.ts';

const SALES = parseTopicName('shop/sales');

test('a combination of values has one name, whatever the order they are named in', () => {
  expect(variantTopic(SALES, { year: '2026', region: '上海' })).toBe('shop/sales/region=上海,year=2026');
  expect(variantTopic(SALES, { region: '上海', year: '2026' })).toBe('shop/sales/region=上海,year=2026');
  expect(variantTopic(SALES, {})).toBe(SALES);
});

test('any values come back from their name', () => {
  const value = fc
    .oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 }))
    .filter((text) => !/\p{Cs}/u.test(text));
  const name = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,8}$/);
  fc.assert(
    fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 3 }), (values) => {
      const topic = variantTopic(SALES, values);
      expect(parseVariant(variantPart(topic, SALES) ?? '')).toEqual({ ...values });
    }),
  );
});

test('values that differ never share a name', () => {
  const names = ['a,b=c', 'a', 'a~', 'A', 'a b', 'a=b', '%61', '~61', ''].map((value) =>
    variantTopic(SALES, { x: value }),
  );
  expect(new Set(names).size).toBe(names.length);
});

test.each(['x', '=1', 'x=1=2', 'x=1,,y=2', 'x=1,x=2', 'x=~zz', 'x=~ff', 'x=~6'])('%s names no values', (part) => {
  expect(parseVariant(part)).toBeUndefined();
});

test('what lies below a topic and names nothing is no variant of it', () => {
  const names = ['shop/sales/region', 'shop/sales/a/x=1', 'shop/salesx/x=1', 'shop/sales'].map(parseTopicName);
  expect(names.map((name) => variantPart(name, SALES))).toEqual([undefined, undefined, undefined, undefined]);
});

test('a name that would be too long is refused', () => {
  expect(() => variantTopic(SALES, { x: 'y'.repeat(300) })).toThrow('must have 1 to 256 characters');
});
