import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Operation, TopicKind } from '@tidewall/protocol';
import { expect, test } from 'vitest';
import { createFits } from './fits.ts';
import { isFault } from './schema-fault.ts';

const POINT: JsonObject = {
  type: 'object',
  properties: { y: { type: 'number', minimum: 0, maximum: 100 }, kind: { enum: ['a', 'b'] } },
  required: ['y'],
};

const CONDITION = JSON.parse('{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}');

function fitsOf(kind: TopicKind, schema: JsonObject) {
  const fits = createFits({ kind, keyField: 'id', schema });
  if (isFault(fits)) throw new Error(JSON.stringify(fits));
  return fits;
}

function faultOf(kind: TopicKind, schema: JsonObject) {
  const fits = createFits({ kind, keyField: 'id', schema });
  return isFault(fits) ? fits : undefined;
}

const sentence = (schema: JsonObject, data: JsonValue) => {
  const mismatch = fitsOf('state', schema)('replace', data);
  return mismatch && `${mismatch.path} must be ${mismatch.expected}, got ${mismatch.got}`;
};

test.each<[TopicKind, Operation, JsonValue, string | undefined]>([
  ['state', 'replace', { y: 1 }, undefined],
  ['state', 'merge', { y: 101 }, '.y'],
  ['log', 'append', { y: -1 }, '.y'],
  ['signal', 'emit', {}, '.y'],
  ['table', 'upsert', { id: 1, y: 'x' }, '.y'],
  ['table', 'replace', [{ id: 1, y: 1 }, { id: 2 }], '[1].y'],
  ['table', 'remove', ['a', 7], undefined],
  ['series', 'append', { y: 101 }, '.y'],
  ['series', 'append', [{ y: 1 }, { t: 1, y: 101 }], '[1].y'],
  ['series', 'append', { t: [1, 2], y: [1, 101] }, '.y[1]'],
  ['series', 'append', { t: [1], cpu: [1] }, '.y'],
])('of a %s, %s %j is looked at piece by piece, and its fault is at %s', (kind, op, data, path) => {
  expect(fitsOf(kind, POINT)(op, data)?.path).toBe(path);
});

test.each<[TopicKind, JsonValue]>([
  ['table', [3]],
  ['table', 'x'],
  ['series', { t: [1, 2], y: [1] }],
  ['series', { t: [1], y: 'x' }],
  ['series', [null]],
])('what is no %s at all, like %j, is left to the kind to refuse', (kind, data) => {
  expect(fitsOf(kind, POINT)('replace', data)).toBeUndefined();
});

test.each<[JsonObject, JsonValue, string | undefined]>([
  [POINT, { y: 101 }, '.y must be a number from 0 to 100, got 101'],
  [POINT, {}, '.y must be a number from 0 to 100, got nothing'],
  [POINT, { y: 1, kind: 'c' }, '.kind must be one of "a", "b", got "c"'],
  [POINT, [], ' must be an object with y, got []'],
  [{ properties: { a: {} }, additionalProperties: false }, { b: 1 }, '.b must be left out (known are a), got 1'],
  [{ properties: { a: false } }, { a: 1 }, '.a must be left out, got 1'],
  [{ type: ['number', 'null'] }, 'x', ' must be a number or null, got "x"'],
  [{ type: 'integer', exclusiveMinimum: 0 }, 0, ' must be a whole number > 0, got 0'],
  [{ multipleOf: 0.01 }, 4.35, undefined],
  [{ multipleOf: 0.01 }, 4.355, ' must be a number in steps of 0.01, got 4.355'],
  [{ type: 'string', minLength: 2, maxLength: 2 }, '一二三', ' must be a string of 2 characters, got "一二三"'],
  [{ type: 'string', maxLength: 1 }, '𠮷', undefined],
  [{ pattern: '^[A-Z]+$', default: 'A' }, 'a', ' must be a string that matches ^[A-Z]+$, got "a"'],
  [{ type: 'array', items: { type: 'boolean' } }, [true, 0], '[1] must be true or false, got 0'],
  [
    { uniqueItems: true },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    ' must be a list without repeated items, got [{"a":1,"b":2},{"b":2,"a":1}]',
  ],
  [{ uniqueItems: true }, [1, '1', [1], { a: 1 }], undefined],
  [{ contains: { minimum: 5 } }, [1], ' must be a list in which there is a number ≥ 5, got [1]'],
  [{ minProperties: 1, type: 'object', default: { a: 1 } }, {}, ' must be an object with at least 1 field, got {}'],
  [{ dependentRequired: { a: ['b'] } }, { a: 1 }, '.b must be a value, got nothing'],
  [
    { propertyNames: { maxLength: 1 } },
    { ab: 1 },
    '.ab must be left out, or named otherwise: by a string of at most 1 character, got 1',
  ],
  [{ not: { type: 'string' } }, 'x', ' must be anything but a string, got "x"'],
  [{ oneOf: [{ type: 'number' }, { minimum: 3 }] }, 4, ' must be only one of these: a number or a number ≥ 3, got 4'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, ' must be a string or null, got 1'],
  [
    JSON.parse('{"if":{"type":"string"},"then":{"minLength":3}}'),
    'ab',
    ' must be a string of at least 3 characters, got "ab"',
  ],
  [
    { $defs: { p: { type: 'number' } }, properties: { v: { $ref: '#/$defs/p' } } },
    { v: 'x' },
    '.v must be a number, got "x"',
  ],
  [{ const: null }, 1, ' must be null, got 1'],
])('%j says of %j: %s', (schema, data, says) => {
  expect(sentence(schema, data)).toBe(says);
});

test('of alternatives the one that was meant is told, by how far it fitted', () => {
  const schema: JsonObject = {
    anyOf: [
      { properties: { kind: { const: 'a' }, x: { type: 'number' } }, required: ['kind', 'x'] },
      { properties: { kind: { const: 'b' }, y: { type: 'number' } }, required: ['kind', 'y'] },
    ],
  };
  expect(sentence(schema, { kind: 'a', x: '1' })).toBe('.x must be a number, got "1"');
  expect(sentence(schema, { kind: 'b', y: '1' })).toBe('.y must be a number, got "1"');
});

test('names that every object seems to have are not there unless they are', () => {
  const schema: JsonObject = { required: ['constructor'], properties: { toString: { type: 'string' } } };
  expect(sentence(schema, {})).toBe('.constructor must be a value, got nothing');
  expect(sentence(schema, { constructor: 1 })).toBeUndefined();
  const closed: JsonObject = { properties: { a: {} }, additionalProperties: false };
  expect(sentence(closed, JSON.parse('{"__proto__":1}'))).toBe('.__proto__ must be left out (known are a), got 1');
});

test('a format is a note, which checks nothing', () => {
  expect(sentence({ type: 'string', format: 'date-time' }, 'tomorrow')).toBeUndefined();
});

test.each<[TopicKind, JsonObject, JsonValue]>([
  ['state', POINT, { y: 50 }],
  ['state', { ...POINT, examples: [{ y: 7 }] }, { y: 7 }],
  ['state', { ...POINT, default: { y: 8 } }, { y: 8 }],
  ['state', { properties: { a: { type: 'string' }, b: { minimum: 3 } } }, { a: 'text', b: 3 }],
  ['table', POINT, [{ id: 'a', y: 50 }]],
  ['table', { properties: { id: { type: 'integer' } }, required: ['id'] }, [{ id: 1 }]],
  ['series', POINT, { t: 1_700_000_000_000, y: 50 }],
  ['series', { ...POINT, additionalProperties: false }, { y: 50 }],
  ['log', { anyOf: [{ pattern: '^x+$' }, { type: 'array', items: { const: 'b' }, minItems: 2 }] }, ['b', 'b']],
  ['log', CONDITION, { a: 1, b: 1 }],
  ['log', { type: 'array', prefixItems: [{ type: 'string' }, { enum: [2, 3] }] }, ['text', 2]],
])('of a %s with %j the example is %j', (kind, schema, example) => {
  const refused = [{ y: 'no' }, { id: null, y: 'no' }, { a: 1, b: 1 }, 'no', [{}]].flatMap(
    (data) => fitsOf(kind, schema)(kind === 'log' ? 'append' : 'replace', data) ?? [],
  );
  expect(refused[0]?.example).toEqual(example);
});

test.each<[TopicKind, JsonObject, string, RegExp]>([
  ['state', { type: 'string', pattern: '^[A-Z]{3}$' }, 'examples', /small value that fits: none could be made up/],
  ['state', { type: 'string', enum: [1] }, 'examples', /none could be made up/],
  ['state', { not: {} }, 'examples', /none could be made up/],
  ['state', { type: 'string', minLength: 1e9 }, 'examples', /none could be made up/],
  ['state', { ...POINT, examples: [{ y: -1 }] }, 'examples.0', /must itself fit: it.y must be a number from 0 to 100/],
  ['table', { ...POINT, examples: [{ y: 1 }] }, 'examples.0', /it.id must be a string or a number that identifies/],
  ['table', { type: 'number' }, 'examples', /a small row that fits/],
  ['series', { properties: { v: { type: 'string' } }, required: ['v'] }, 'examples', /a small point that fits/],
])('for a %s, %j is not taken, since nothing might ever fit', (kind, schema, path, says) => {
  const fault = faultOf(kind, schema);
  expect(fault?.path.join('.')).toBe(path);
  expect(fault?.says).toMatch(says);
});
