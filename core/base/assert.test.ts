import { expect, test } from 'vitest';
import { assert, assertNever } from './assert.ts';

test('a broken invariant names itself', () => {
  expect(() => assert(true, 'fine')).not.toThrow();
  expect(() => assert(0, 'offsets have no holes')).toThrowError('broken invariant: offsets have no holes');
});

test('an alternative that got round the types is shown', () => {
  expect(() => assertNever({ type: 'new' } as never)).toThrowError('{"type":"new"}');
});
