import type { JsonObject, JsonValue } from '@tidewall/base';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataSchemaFault } from './check-data-schema.ts';
import { compileDataSchema } from './compile-data-schema.ts';
import { createFits } from './fits.ts';
import { isFault } from './schema-fault.ts';

const name = fc.constantFrom('a', 'b', 'id', 't', '__proto__', 'constructor', '一', 'a/b~');
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<JsonValue>(null, true, 0, 1, 2.5, -3, 4.35, 1e21, '', 'a', 'ab', 'ABC', '\ud800'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** Schemas that say something about such values. */
const schema: fc.Arbitrary<JsonObject> = fc.letrec<{ schema: JsonObject; any: JsonValue }>((tie) => {
  const record = <T>(keys: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(keys, { requiredKeys: [] });
  const own = fc.constantFrom('a', 'b', 'id', 't', 'constructor', '一', 'a/b~');
  const byName = fc.array(fc.tuple(own, tie('any')), { maxLength: 3 }).map((all) => Object.fromEntries(all));
  const list = fc.array(tie('any'), { minLength: 1, maxLength: 3 });
  const type = fc.constantFrom('object', 'array', 'string', 'number', 'integer', 'boolean', 'null');
  const small = fc.nat({ max: 3 });
  return {
    any: fc.oneof({ maxDepth: 3 }, fc.boolean(), tie('schema')),
    schema: fc.oneof(
      { maxDepth: 3 },
      record({ type, enum: fc.array(value, { minLength: 1, maxLength: 3 }) }),
      record({ type: fc.uniqueArray(type, { minLength: 1, maxLength: 2 }), const: value }),
      record({ minimum: small, exclusiveMaximum: small, multipleOf: fc.constantFrom(0.01, 1, 2) }),
      record({ minLength: small, maxLength: small, pattern: fc.constantFrom('^a', '[A-Z]{2,}', '^\\w*$', '\\u4e00') }),
      record({
        items: tie('any'),
        prefixItems: list,
        contains: tie('any'),
        uniqueItems: fc.boolean(),
        maxItems: small,
      }),
      record({ type, properties: byName, required: fc.uniqueArray(own), additionalProperties: tie('any') }),
      record({
        propertyNames: tie('any'),
        patternProperties: fc.tuple(fc.constant('^a'), tie('any')).map((all) => Object.fromEntries([all])),
        minProperties: small,
      }),
      record({ allOf: list, not: tie('any') }),
      record({ anyOf: list, if: tie('any'), else: tie('any') }).map((all) => Object.assign(all, OBJECTS_THEN)),
      record({ oneOf: list, type }),
    ) as fc.Arbitrary<JsonObject>,
  };
}).schema;

const OBJECTS_THEN = JSON.parse('{"then":{"type":"object"}}') as JsonObject;

const KIND_AND_OPERATION = [
  ['state', 'replace'],
  ['table', 'upsert'],
  ['series', 'append'],
  ['log', 'append'],
] as const;

test('every refusal shows data that is taken, and says in few words what was expected', () => {
  let refusals = 0;
  fc.assert(
    fc.property(schema, fc.constantFrom(...KIND_AND_OPERATION), fc.array(value), (of, [kind, op], many) => {
      const fits = createFits({ kind, keyField: 'id', schema: of });
      if (isFault(fits)) return;
      for (const data of many) {
        const before = JSON.stringify(data);
        const mismatch = fits(op, data);
        expect(JSON.stringify(data)).toBe(before);
        if (mismatch === undefined) continue;
        refusals++;
        expect(fits(op, mismatch.example)).toBeUndefined();
        expect(mismatch.expected).not.toMatch(/undefined|\[object|^$/);
        expect(mismatch.got.length).toBeLessThanOrEqual(60);
        expect(mismatch.path).toMatch(/^$|^[.[]/);
      }
    }),
    { numRuns: 600 },
  );
  expect(refusals).toBeGreaterThan(50);
});

test('what fits is what JSON Schema says, with the expressions and the comparison of lists that are ours', () => {
  fc.assert(
    fc.property(schema, fc.array(value), (of, many) => {
      const usual = new Ajv2020({ strict: false, ownProperties: true, multipleOfPrecision: 9, logger: false });
      const reference = usual.compile(of);
      const check = compileDataSchema(of);
      for (const data of many) expect(check(data) === undefined, JSON.stringify(data)).toBe(reference(data));
    }),
    { numRuns: 200 },
  );
});

test('nothing that is no schema gets further than its fault', () => {
  const keyword = fc.constantFrom(
    'type',
    'properties',
    'items',
    '$ref',
    '$defs',
    'enum',
    'pattern',
    'anyOf',
    'if',
    'x',
  );
  const odd = fc
    .array(fc.tuple(keyword, fc.oneof(value, fc.array(fc.jsonValue() as fc.Arbitrary<JsonValue>))))
    .map((entries) => Object.fromEntries(entries) as JsonObject);
  fc.assert(
    fc.property(odd, value, (of, data) => {
      const fault = dataSchemaFault(of);
      if (fault === undefined) compileDataSchema(of)(data);
      else expect(fault.says).not.toBe('');
    }),
    { numRuns: 800 },
  );
});
