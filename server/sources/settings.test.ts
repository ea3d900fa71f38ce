import type { JsonObject } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseSettings, readSettings, settingsJsonSchema } from './settings.ts';
import { sourceDefinitions } from './source-definitions.ts';

const door: SourceDefinition = {
  kind: 'door',
  configSchema: z.strictObject({ number: z.int().min(1), name: z.string().default('front') }),
  secrets: [],
  addresses: [],
  create: () => ({ topics: [], run: async () => {} }),
};
const asked: SourceDefinition = { ...door, takesParams: true };

describe('settings', () => {
  test('are those of the kind and those of every source, with their defaults', () => {
    expect(parseSettings('d', door, { number: 2, transforms: [{ type: 'limit', count: 1 }] })).toEqual({
      common: { transforms: [{ type: 'limit', count: 1 }], params: {}, maxVariants: 100 },
      own: { number: 2, name: 'front' },
    });
  });

  test('that are wrong are all named, of whichever part they are', () => {
    const wrong = { number: 0, colour: 'red', transforms: 'all', maxVariants: 0 };
    const says = /sources\.d\.transforms.*sources\.d\.maxVariants.*sources\.d\.number.*sources\.d\.colour/;
    expect(() => parseSettings('d', asked, wrong)).toThrow(says);
  });

  test.each([[{ params: { n: { value: 'x' } } }], [{ maxVariants: 5 }]])(
    '%j is refused where questions have no parameters',
    (more) => {
      expect(readSettings(asked, { number: 1, ...more })).toHaveProperty('checked');
      expect(readSettings(door, { number: 1, ...more })).toMatchObject({ issues: [{ path: ['params'] }] });
    },
  );

  test.each([[null], ['text'], [[]], [undefined]])('%j is no settings at all, and that is said', (settings) => {
    expect(readSettings(door, settings)).toHaveProperty('issues');
  });

  test.each(['{"__proto__":{"number":1}}', '{"number":1,"__proto__":{"name":"back"}}'])(
    '%s sets nothing by way of a prototype',
    (text) => {
      expect(readSettings(door, JSON.parse(text))).toHaveProperty('issues');
    },
  );
});

describe.each([...sourceDefinitions.values()])('the kind $kind', (definition) => {
  const schema = settingsJsonSchema(definition);
  const alternatives = (schema['oneOf'] ?? schema['anyOf'] ?? [schema]) as {
    properties: Record<string, JsonObject>;
    required: string[];
  }[];

  test('has a JSON Schema that JSON can say, which knows the kind and what every source has', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    for (const { properties, required } of alternatives) {
      expect(properties).toMatchObject({ kind: { const: definition.kind }, transforms: { type: 'array' } });
      expect('params' in properties).toBe(definition.takesParams === true);
      expect(required).toContain('kind');
      for (const name of required) expect(Object.keys(properties)).toContain(name);
    }
  });

  test('has an example that it accepts, where it has one', () => {
    const { example } = definition;
    if (example !== undefined) expect(readSettings(definition, example)).toHaveProperty('checked');
  });
});
