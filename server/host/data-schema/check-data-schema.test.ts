import type { JsonObject } from '@tidewall/base';
import { expect, test } from 'vitest';
import { dataSchemaFault } from './check-data-schema.ts';

const nested = (levels: number, wrap: (inner: JsonObject) => JsonObject): JsonObject => {
  let schema: JsonObject = { type: 'number' };
  for (let i = 0; i < levels; i++) schema = wrap(schema);
  return schema;
};
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Ten references to what has ten references …: small to write, and a thousand million to check. */
const laughs: JsonObject = {
  $defs: Object.fromEntries([
    ['d9', { type: 'number' }],
    ...many(9, (i) => [`d${i}`, { items: { allOf: many(10, () => ({ $ref: `#/$defs/d${i + 1}` })) } }]),
  ]) as JsonObject,
  $ref: '#/$defs/d0',
};

const FAULTY: readonly [schema: JsonObject, path: string, says: RegExp][] = [
  [{ type: 'strin' }, 'type', /must be one of object, array/],
  [{ propertis: {} }, 'propertis', /is no keyword that is checked here; did you mean "properties"\?/],
  [{ unevaluatedProperties: false }, 'unevaluatedProperties', /is no keyword that is checked here/],
  [{ $id: 'https://x.example/s' }, '$id', /is no keyword/],
  [
    { $schema: 'http://json-schema.org/draft-07/schema#' },
    '$schema',
    /must be https:\/\/json-schema.org\/draft\/2020-12/,
  ],
  [{ properties: { a: { minimum: '1' } } }, 'properties.a.minimum', /must be a number/],
  [{ properties: { a: 1 } }, 'properties.a', /must be a schema/],
  [{ properties: [] }, 'properties', /must be schemas by name/],
  [{ items: [{}] }, 'items', /must be a schema/],
  [{ anyOf: [] }, 'anyOf', /must be a list of schemas/],
  [{ minLength: 1.5 }, 'minLength', /a whole number, 0 or more/],
  [{ multipleOf: 0 }, 'multipleOf', /a number above 0/],
  [{ required: [1] }, 'required', /a list of names/],
  [{ examples: [] }, 'examples', /at least one value/],
  [JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'), 'properties.__proto__', /cannot be checked/],
  [JSON.parse('{"__proto__":{"type":"string"}}'), '__proto__', /is no keyword/],
  [{ $ref: '#' }, '$ref', /only what stands in this schema/],
  [{ $ref: 'https://x.example/s' }, '$ref', /only what stands in this schema/],
  [{ $ref: '#/$defs/a' }, '$ref', /names nothing in \$defs/],
  [{ $ref: '#/$defs/toString', $defs: {} }, '$ref', /names nothing in \$defs/],
  [{ items: { $defs: {} } }, 'items.$defs', /at the top only/],
  [{ $defs: { a: { items: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' }, '$ref', /leads back to itself/],
  [{ pattern: '(?=a)b' }, 'pattern', /must be a regular expression of RE2 \(invalid or unsupported Perl syntax/],
  [{ patternProperties: { '(a': {} } }, 'patternProperties', /regular expression of RE2/],
  [{ pattern: 'a'.repeat(257) }, 'pattern', /at most 256 characters/],
  [{ pattern: 'a{1000}' }, 'pattern', /larger than 500 steps/],
  [{ allOf: many(9, () => ({ pattern: '[a-z]{60}' })) }, 'allOf.8.pattern', /larger than 500 steps/],
  [{ description: 'x'.repeat(70_000) }, '', /at most 65536 characters/],
  [{ properties: Object.fromEntries(many(500, (i) => [`p${i}`, {}])) }, '', /more than 500 subschemas/],
  [nested(40, (items) => ({ items })), '', /nests deeper than 32 levels/],
  [{ allOf: many(100, () => ({})) }, '', /holds one value to more than 100 checks/],
  [{ items: { enum: many(900, (i) => i) } }, '', /holds one value to more than 100 checks/],
  [laughs, '', /checks|subschemas/],
];

test.each(FAULTY.map(([schema, path, says]) => ({ schema, path, says })))(
  'what is wrong at "$path" is said: $says',
  ({ schema, path, says }) => {
    const fault = dataSchemaFault(schema);
    expect(fault?.path.join('.')).toBe(path);
    expect(fault?.says).toMatch(says);
  },
);

test('one that nests without end is not walked to its end', () => {
  expect(dataSchemaFault(nested(4000, (not) => ({ not })))?.says).toMatch(/nests deeper than 32 levels/);
});

test('one that nests in itself, as YAML can say, is refused', () => {
  const schema: JsonObject = {};
  schema['not'] = schema;
  expect(dataSchemaFault(schema)?.says).toMatch(/at most 65536 characters/);
});

test('what is checked in different places does not add up', () => {
  const wide = { properties: Object.fromEntries(many(200, (i) => [`p${i}`, { minimum: i }])) };
  expect(dataSchemaFault(wide)).toBeUndefined();
});

test('references along a line are fine, as deep as data may nest', () => {
  const defs = Object.fromEntries(many(20, (i) => [`d${i}`, { items: i < 19 ? { $ref: `#/$defs/d${i + 1}` } : {} }]));
  expect(dataSchemaFault({ $defs: defs as JsonObject, $ref: '#/$defs/d0' })?.says).toMatch(/nests deeper/);
  expect(dataSchemaFault({ $defs: defs as JsonObject, $ref: '#/$defs/d10' })).toBeUndefined();
});

test('what generators of schemas write is taken', () => {
  const schema: JsonObject = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Point',
    type: 'object',
    properties: { v: { $ref: '#/$defs/__schema0' }, at: { type: 'string', format: 'date-time', description: 'when' } },
    required: ['v'],
    additionalProperties: false,
    $defs: { __schema0: { type: 'number', minimum: -1.5, default: 0 } },
  };
  expect(dataSchemaFault(schema)).toBeUndefined();
});
