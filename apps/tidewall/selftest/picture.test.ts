import type { JsonValue } from '@tidewall/base';
import type { PushFrame, TopicKind } from '@tidewall/protocol';
import { expect, test } from 'vitest';
import { Picture } from './picture.ts';

test.each<[TopicKind, readonly Partial<PushFrame>[], JsonValue]>([
  ['state', [{ r: 1, d: { a: 1, b: { c: 1 } } }, { m: { a: null, b: { d: 2 } } }], { b: { c: 1, d: 2 } }],
  ['state', [{ d: 1 }, { d: null }], null],
  ['table', [{ d: [{ id: 1 }, { id: 2 }] }, { x: [1], u: [{ id: 1, v: 1 }] }], [{ id: 2 }, { id: 1, v: 1 }]],
  ['table', [{ d: [{ id: 1 }] }, { r: 1, d: [{ id: 2 }] }], [{ id: 2 }]],
  ['series', [{ d: { t: [1], a: [1] } }, { d: { t: [2], b: [2] } }], { t: [1, 2], a: [1, null], b: [null, 2] }],
  ['series', [{ d: { t: [1], a: [1] } }, { r: 1, d: { t: [3] } }], { t: [3] }],
  ['log', [{ r: 1, d: ['a', 'b'] }, { d: 'c' }], ['a', 'b', 'c']],
])('a %s after %j is %j', (kind, pushes, value) => {
  const picture = new Picture(kind);
  for (const push of pushes) picture.take({ t: 1, ...push });
  expect(picture.value).toEqual(value);
});
