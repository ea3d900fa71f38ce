import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindValue, hasParameters, unknownParameter } from './bind-value.ts';

const values = { region: 'Łódź & "co"', year: 2026, open: true, plain: 'shop-7.b' };

describe('a parameter that stands alone', () => {
  it('becomes its value, as what it is', () => {
    expect(bindValue(':region', values)).toBe(values.region);
    expect(bindValue(':year', values)).toBe(2026);
    expect(bindValue(':open', values)).toBe(true);
  });

  it('may have any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(bindValue(':x', { x: text })).toBe(text);
      }),
    );
  });
});

describe('a parameter within a longer text', () => {
  it('becomes its value where that is letters, digits and . _ ~ -', () => {
    expect(bindValue('orders-:plain-:year.json', values)).toBe('orders-shop-7.b-2026.json');
    expect(bindValue('名:n', { n: '上海' })).toBe('名上海');
  });

  it.each(["' or 1=1", 'a b', 'a/b', 'a\r\nb', 'a"b', 'a&b', 'a=b', 'a:b', 'a%20b', 'a;b', 'a(b)', 'a\u0000b', 'a*'])(
    'may not have the value %j, which could mean something there',
    (value) => {
      expect(() => bindValue("name eq ':x'", { x: value })).toThrow(/of x has more than letters, digits/);
    },
  );

  it('is not what only begins or ends like one', () => {
    for (const text of ['12:30', 'urn:isbn:5', ':yearly', 'x:year2', 'http://h', ':', 'a:', ':1']) {
      expect(bindValue(text, values)).toBe(text);
      expect(hasParameters(text, values)).toBe(false);
    }
  });

  it('is not one of an object’s own words', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(bindValue(`:${name}`, values)).toBe(`:${name}`);
      expect(bindValue(`x :${name}`, values)).toBe(`x :${name}`);
    }
  });
});

it('two colons stand for the text itself', () => {
  expect(bindValue('::region', values)).toBe(':region');
  expect(bindValue('::other', values)).toBe(':other');
});

it('a parameter that there is none of is found', () => {
  expect(unknownParameter(':regoin', values)).toBe('regoin');
  for (const text of [':region', '::regoin', 'x:regoin', '12:30', '']) {
    expect(unknownParameter(text, values)).toBeUndefined();
  }
});
