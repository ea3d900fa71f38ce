import type { JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusal, useHubBed } from './hub-bed.contract.ts';
import { unsayableNumber } from './unsayable-number.ts';

const bed = useHubBed();
const TOO_LARGE = ['1e400', '-1e309', '9e99999', `1${'0'.repeat(400)}`];

test('a number that no double holds is found by its place, and nothing else is', () => {
  bed.start();
  const path = fc.array(fc.oneof(fc.constantFrom('a', '__proto__', 'b'), fc.nat(2)), { maxLength: 5 });
  fc.assert(
    fc.property(path, fc.jsonValue(), fc.constantFrom(...TOO_LARGE), (steps, rest, number) => {
      const beside = JSON.stringify(rest);
      const text = steps.reduceRight<string>(
        (inner, step) =>
          typeof step === 'string'
            ? `{"z":${beside},${JSON.stringify(step)}:${inner}}`
            : `[${`${beside},`.repeat(step)}${inner}]`,
        number,
      );
      const place = steps.map((step) => (typeof step === 'string' ? `.${step}` : `[${step}]`)).join('');
      expect(unsayableNumber(JSON.parse(text) as JsonValue)).toBe(place);
      expect(unsayableNumber(rest as JsonValue)).toBeUndefined();
    }),
  );
});

describe('data with a number that JSON cannot say', () => {
  test.each([
    ['state', 'replace', '{"a":[1,1e400]}', '.a[1]'],
    ['state', 'merge', '{"a":{"b":-1e400}}', '.a.b'],
    ['table', 'upsert', '[{"id":1,"v":1e400}]', '[0].v'],
    ['table', 'upsert', '{"id":1e400}', '.id'],
    ['table', 'remove', '1e400', ''],
    ['series', 'append', '{"t":[1],"v":[1e400]}', '.v[0]'],
    ['log', 'append', '1e400', ''],
    ['signal', 'emit', '[[1e400]]', '[0][0]'],
  ] as const)('[W49] is refused by a %s, %s, as text or not', async (kind, op, json, path) => {
    bed.start({ settings: { a: { kind } } });
    for (const more of [{ op, json }, { op }]) {
      const error = await refusal(bed.publish('a', JSON.parse(json), more));
      expect([error.kind, error.detail['path']]).toEqual(['shape_mismatch', path]);
      expect(error.message).toBe(
        `data${path} must be a number that a double can hold, got one that is too large; for example 1.5`,
      );
    }
    expect((await refusal(bed.hub.snapshot({ id: 'x', roles: [] }, 'a'))).kind).toBe('unknown_topic');
  });

  test('[W49] is refused from a source too', async () => {
    bed.start();
    const feed = await bed.hub.feed('a' as never, 'clock', { kind: 'state' }, () => {});
    expect((await refusal(feed.publish('replace', { v: Number.NaN }))).kind).toBe('shape_mismatch');
    await feed.publish('replace', { v: 1 });
  });
});

test('[W49] a row whose key is not exact as a number is refused, and no row is lost to it', async () => {
  bed.start({ settings: { a: { kind: 'table' } } });
  await bed.publish('a', { id: Number.MAX_SAFE_INTEGER, v: 1 });
  for (const key of ['9007199254740992', '9007199254740993', '-9007199254740993', '1e300']) {
    const data = JSON.parse(`[{"id":${key},"v":2}]`) as unknown;
    const error = await refusal(bed.publish('a', data));
    expect([error.kind, error.detail['path']]).toEqual(['shape_mismatch', '[0].id']);
    expect((await refusal(bed.publish('a', JSON.parse(`[${key}]`), { op: 'remove' }))).kind).toBe('shape_mismatch');
  }
  await bed.publish('a', { id: '9007199254740993', v: 3 });
  await bed.publish('a', { id: 0.5, v: 4 });
  const { json } = await bed.hub.snapshot({ id: 'x', roles: [] }, 'a');
  expect(JSON.parse(json as string)).toEqual([
    { id: Number.MAX_SAFE_INTEGER, v: 1 },
    { id: '9007199254740993', v: 3 },
    { id: 0.5, v: 4 },
  ]);
});
