import { describe, expect, test } from 'vitest';
import { parseAsked } from './embed-message.ts';
import { MessageRate } from './message-rate.ts';

test.each([
  undefined,
  null,
  'tidewall.set',
  42,
  [],
  {},
  { type: 1 },
  { type: 'webpackOk' },
  { source: 'react-devtools' },
])('what is none of ours is passed over: %j', (data) => {
  expect(parseAsked(data)).toBeUndefined();
});

test('what is asked is told with its id, and nothing else of it', () => {
  expect(parseAsked({ type: 'tidewall.hello', v: 1 })).toEqual({ type: 'hello' });
  expect(parseAsked({ type: 'tidewall.set', v: 1, id: 7, variables: { city: '上海' }, more: 1 })).toEqual({
    ...{ type: 'set', id: 7, variables: { city: '上海' } },
  });
  expect(parseAsked({ type: 'tidewall.follow', v: 1, id: 'a', events: ['status', 'element'] })).toEqual({
    ...{ type: 'follow', id: 'a', events: ['status', 'element'] },
  });
  expect(parseAsked({ type: 'tidewall.follow', v: 1, events: [] })).toEqual({ type: 'follow', events: [] });
});

describe('what is ours and wrong is told with the place, the value and what would be right', () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const set = (variables: unknown) => ({ type: 'tidewall.set', v: 1, variables });
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`v${i}`, 1]));
  test.each<[unknown, RegExp]>([
    [{ type: 'tidewall.hello' }, /^v: must be 1, got nothing$/],
    [{ type: 'tidewall.hello', v: 2 }, /^v: must be 1, got 2$/],
    [{ type: 'tidewall.hello', v: '1' }, /^v: must be 1, got "1"$/],
    [{ type: 'tidewall.eval', v: 1 }, /^type: there is .+, got "tidewall\.eval"$/],
    [{ type: 'tidewall.__proto__', v: 1 }, /^type: there is/],
    [{ type: 'tidewall.constructor', v: 1 }, /^type: there is/],
    [{ type: 'tidewall.hello', v: 1, id: {} }, /^id: must be a number/],
    [{ type: 'tidewall.hello', v: 1, id: 'x'.repeat(65) }, /^id: must be a number/],
    [set(undefined), /^variables: must be an object of values by name, got nothing$/],
    [set([1]), /^variables: must be an object/],
    [set(null), /^variables: must be an object/],
    [set({}), /^variables: must be 1 to 100, got 0$/],
    [set(many(101)), /^variables: must be 1 to 100, got 101$/],
    [set({ a: 'x'.repeat(20_000) }), /^a message may have 16384 characters as JSON, has 20\d\d\d$/],
    [set({ a: 1n }), /^a message must be JSON$/],
    [set(loop), /^a message must be JSON$/],
    [
      { type: 'tidewall.follow', v: 1, events: 'status' },
      /^events: must be a list of status, variables, element, got "status"$/,
    ],
    [{ type: 'tidewall.follow', v: 1, events: ['data'] }, /^events: must be a list/],
    [{ type: 'tidewall.follow', v: 1, events: ['status', 'status', 'status', 'status'] }, /^events: must be a list/],
  ])('%# %o', (data, says) => {
    expect(parseAsked(data)).toEqual({ type: 'wrong', message: expect.stringMatching(says) });
  });
});

test('what makes prototypes of other scripts is only a name', () => {
  const data = JSON.parse('{"type":"tidewall.set","v":1,"variables":{"__proto__":{"polluted":true}}}');
  const asked = parseAsked(data) as { variables: object };
  expect(Object.keys(asked.variables)).toEqual(['__proto__']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('messages are let through at their rate, and twice as many at once', () => {
  let now = 0;
  const rate = new MessageRate(10, () => now);
  const take = (count: number) => Array.from({ length: count }, () => rate.take()).filter(Boolean).length;
  expect(take(1000)).toBe(20);
  now += 500;
  expect(take(1000)).toBe(5);
  now += 60_000;
  expect(take(1000)).toBe(20);
});
