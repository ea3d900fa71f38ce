import { readFileSync } from 'node:fs';
import type { JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compileSteps, needNothing } from './compile-steps.ts';
import { compileTransforms, type Sandbox } from './compile-transforms.ts';
import { refusal, run, someRows } from './run.contract.ts';
import { type Transform, transformSchema } from './schema.ts';
import { applyTransforms } from './transform.ts';

/** A step of each type, as short as it can be; a new type fails the test below until it is here. */
const ONE_OF_EACH: { readonly [Type in Transform['type']]: object } = {
  map: { fields: { t: 't', v: 'v', w: { cel: 'w * 2' } } },
  filter: { cel: 'w > 2 || site == "sh"' },
  sort: { by: ['site', { field: 'v', descending: true }] },
  limit: { count: 5 },
  group: { by: ['site'], fields: { total: { op: 'sum', field: 'v' }, t: { op: 'max', field: 't' } } },
  pivot: { by: ['t'], column: 'site', value: 'v', op: 'sum' },
  unpivot: { keep: ['t'] },
  rename: { names: { v: 'value' } },
  calc: { fields: { twice: 'double(v) * 2' } },
  window: { by: ['site'], fields: { sum: { op: 'sum', field: 'v', rows: 3 }, n: { op: 'number' } } },
  topN: { count: 2, by: 'v', others: true },
  fill: { everyMs: 5, by: ['site'], with: 'previous' },
  join: { with: { rows: [{ site: 'sh', name: 'Shanghai' }] }, on: 'site' },
  script: { code: 'return data' },
  jsonata: { expression: '$' },
};

const echo: Sandbox = { script: async (_, data) => data, jsonata: async (_, data) => data };
const steps = Object.entries(ONE_OF_EACH).map(([type, more]) => ({ type, ...more }));
const immediate = steps.filter(({ type }) => type !== 'script' && type !== 'jsonata');
const someSteps = fc.array(fc.constantFrom(...immediate), { maxLength: 4 });

function columnsOf(rows: JsonValue): JsonValue {
  const list = rows as { t?: number; v?: JsonValue }[];
  return { t: list.map(({ t }, at) => t ?? at), v: list.map(({ v }) => v ?? null), w: list.map((_, at) => at) };
}

describe('a pipeline', () => {
  test('[T1] [T16] every type of step compiles, and says of itself and of each field what it is', async () => {
    expect(transformSchema.options.map((option) => option.shape.type.value)).toEqual(Object.keys(ONE_OF_EACH));
    const pipeline = compileTransforms(steps, { sandbox: echo });
    expect(await pipeline([{ t: 1, v: 2 }])).toBeDefined();
    for (const option of transformSchema.options) {
      expect(option.description).toMatch(/\.$/);
      for (const [name, field] of Object.entries(option.shape)) {
        if (name !== 'type')
          expect(field.description, `${option.shape.type.value}.${name}`).toMatch(/[.\]]$|\]\.$|.{5}/);
      }
    }
  });

  test('[T16] a form can be made of the steps', () => {
    const form = z.toJSONSchema(transformSchema, { unrepresentable: 'any', io: 'input' });
    expect(JSON.stringify(form)).toContain('How many rows are kept.');
  });

  test('[T1] data that goes in is not changed, and the same data makes the same', () => {
    fc.assert(
      fc.property(someRows, someSteps, fc.boolean(), (rows, some, byColumns) => {
        const data = byColumns ? columnsOf(rows) : rows;
        const before = JSON.stringify(data);
        const make = () => {
          try {
            return run(data, some);
          } catch (error) {
            return String(error);
          }
        };
        const made = make();
        expect(make()).toEqual(made);
        expect(JSON.stringify(data)).toBe(before);
        // Nothing that JSON cannot say comes out.
        expect(JSON.parse(JSON.stringify(made))).toEqual(made);
      }),
    );
  });

  test('[T2] any JSON at all is taken, or refused with its place', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), someSteps, (data, some) => {
        expect(refusal(some, data as JsonValue)).toMatch(/^none|^\w+ transforms\[\d\]/);
      }),
    );
  });

  test('[T1] the order of names in a step makes no difference', () => {
    const calc = [{ type: 'calc', fields: { a: 'b + 1', b: 'a + 1' } }];
    const other = [{ fields: { b: 'a + 1', a: 'b + 1' }, type: 'calc' }];
    expect(run([{ a: 1, b: 5 }], calc)).toEqual([{ a: 6, b: 2 }]);
    expect(run([{ a: 1, b: 5 }], other)).toEqual([{ a: 6, b: 2 }]);
  });

  test('[T4] a field called __proto__ is only a field, in every step', () => {
    const row = JSON.parse('{"__proto__":{"polluted":1},"v":1,"t":1}') as JsonValue;
    fc.assert(
      fc.property(someSteps, (some) => {
        try {
          run([row, row], some);
        } catch {}
        expect(({} as { polluted?: number }).polluted).toBeUndefined();
      }),
    );
    const names = JSON.parse('{"v":"__proto__"}') as object;
    expect(JSON.stringify(run([{ v: 1 }], [{ type: 'rename', names }]))).toBe('[{"__proto__":1}]');
  });
});

describe('refusals up front', () => {
  test.each([
    [{}, 'transforms: Invalid input: expected array, received object'],
    [[{ type: 'sorty' }], "transforms[0].type: Invalid discriminator value. Expected 'map' | 'filter'"],
    [
      [
        { type: 'limit', count: 1 },
        { type: 'sort', by: 'a', decending: true },
      ],
      'transforms[1].decending: is no field of it; there are type, note, by, descending',
    ],
    [
      [{ type: 'sort', by: [{ field: 'a', desc: true }] }],
      'transforms[0].by[0].desc: is no field of it; there are field, descending',
    ],
    [[{ type: 'map', fields: { x: {} } }], 'transforms[0].fields.x: must be a path, {"value": …} or {"cel": "…"}'],
    [
      [{ type: 'map', fields: { x: { cel: '1 +' } } }],
      'transforms[0].fields.x: is no CEL: Unexpected token: EOF (at letter 3)',
    ],
    [[{ type: 'filter' }], 'transforms[0]: must have either where or cel'],
    [[{ type: 'filter', where: ['a', 'is', 1] }], 'transforms[0].where: filter[1] must be one of eq, ne'],
    [[{ type: 'filter', cel: 'foo(1)' }], 'transforms[0].cel: there is no function foo'],
    [[{ type: 'script', code: 'return 1' }], 'transforms[0]: script runs only on the server'],
    [[{ type: 'jsonata', expression: '$' }], 'transforms[0]: jsonata runs only on the server'],
    [
      [{ type: 'join', with: {}, on: 'a' }],
      'transforms[0].with: must be {"rows": […]} with at most 10000, or {"topic": "…"}',
    ],
    [[{ type: 'group', fields: { a: { op: 'summ' } } }], 'transforms[0].fields.a.op: Invalid option'],
  ])('[T16] %j', (steps, message) => {
    expect(refusal(steps)).toContain(`bad_request ${message}`);
  });

  test('[T16] where nobody brought CEL along, it is refused by its place', () => {
    const parsed = [transformSchema.parse({ type: 'calc', fields: { x: '1' } })];
    expect(() => compileSteps(parsed)).toThrow('transforms[0].fields.x: needs CEL, which was not loaded here');
  });

  test('[T16] steps that need nothing are known from those that do', () => {
    const needy = steps.filter((step) => !needNothing([transformSchema.parse(step)])).map(({ type }) => type);
    expect(needy).toEqual(['map', 'filter', 'calc', 'script', 'jsonata']);
    expect(needNothing([transformSchema.parse({ type: 'map', fields: { a: 'b', c: { value: 1 } } })])).toBe(true);
    expect(needNothing([transformSchema.parse({ type: 'join', with: { topic: 'a' }, on: 'b' })])).toBe(false);
    for (const step of steps.map((one) => transformSchema.parse(one)).filter((one) => needNothing([one]))) {
      expect(applyTransforms([{ t: 1, v: 1 }], [step])).toBeDefined();
    }
  });
});

describe('runs', () => {
  test('[T17] a run fails with the step, its field and the first row, and the next one goes on', () => {
    const pipeline = compileTransforms([
      { type: 'limit', count: 3 },
      { type: 'calc', fields: { x: 'v * 2' } },
    ]);
    expect(() => pipeline([{ v: 1 }, { v: 'n/a' }, { v: 'b' }])).toThrow(
      expect.objectContaining({
        kind: 'shape_mismatch',
        message: 'transforms[1].fields.x at [1]: * takes numbers, got "n/a" and 2; see double()',
        detail: { path: 'transforms[1].fields.x', row: 1 },
      }),
    );
    expect(pipeline([{ v: 1 }])).toEqual([{ v: 1, x: 2 }]);
  });

  test('[T15] steps around one of the sandbox run before and after it', async () => {
    const sandbox: Sandbox = {
      script: async (code, data) => [...(data as JsonValue[]), { v: code.length }],
      jsonata: async (expression) => [{ v: expression.length }],
    };
    const pipeline = compileTransforms(
      [
        { type: 'limit', count: 1 },
        { type: 'script', code: 'abc' },
        { type: 'calc', fields: { w: 'v + 1' } },
      ],
      { sandbox },
    );
    expect(await pipeline([{ v: 1 }, { v: 2 }])).toEqual([
      { v: 1, w: 2 },
      { v: 3, w: 4 },
    ]);
  });

  test('[T15] [T17] what the sandbox refuses names its step', async () => {
    const sandbox: Sandbox = { ...echo, script: () => Promise.reject(new RangeError('too much')) };
    const pipeline = compileTransforms([steps[0], { type: 'script', code: 'x' }], { sandbox });
    await expect(pipeline([])).rejects.toThrow('transforms[1]: too much');
  });

  test('[T18] 100,000 rows go through every step, and one more than a step may make is refused', () => {
    const rows = Array.from({ length: 100_000 }, (_, t) => ({ t, site: `s${t % 7}`, v: (t * 7919) % 1000, w: t % 10 }));
    for (const step of immediate.filter(({ type }) => type !== 'fill' && type !== 'unpivot')) {
      expect(run(rows, [step]), step.type).toBeDefined();
    }
    expect(refusal([steps[0]], [...rows, {}])).toBe('limit_exceeded transforms[0]: makes 100001 rows, at most 100000');
    expect(refusal([{ type: 'unpivot', keep: ['t'] }], rows)).toContain('makes 100001 rows, at most 100000');
    expect(run([...rows, {}], [{ type: 'limit', count: 1 }])).toEqual([rows[0]]);
  });

  test('[T18] more work than a run may cost is refused, over all its steps', () => {
    const rows = Array.from({ length: 50_000 }, (_, v) => ({ v }));
    const calc = { type: 'calc', fields: { x: Array.from({ length: 60 }, () => 'v').join('+') } };
    expect(refusal([calc], rows)).toBe('none');
    expect(refusal([calc, calc], rows)).toContain('transforms[1]: the transforms take more than 10000000 looks');
  });

  test('[T18] a pipeline has 32 steps, and a step 64 fields', () => {
    const limit = { type: 'limit', count: 1 };
    expect(refusal(Array.from({ length: 33 }, () => limit))).toContain('transforms: Too big');
    const fields = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`f${at}`, 'a']));
    expect(refusal([{ type: 'map', fields }])).toBe('bad_request transforms[0].fields: at most 64 fields');
  });
});

test('the guide shows every step with what it makes', () => {
  const guide = readFileSync(new URL('../../docs/guide/transforms.md', import.meta.url), 'utf8');
  const examples = [...guide.matchAll(/```json\n(\{"in":[\s\S]*?)\n```/g)].map(([, text = '']) => text);
  const shown = new Set<string>();
  for (const example of examples) {
    const {
      in: data,
      steps: some,
      out,
    } = JSON.parse(example) as { in: JsonValue; steps: { type: string }[]; out: JsonValue };
    for (const { type } of some) shown.add(type);
    expect(run(data, some), example).toEqual(out);
  }
  expect(Object.keys(ONE_OF_EACH).filter((type) => !shown.has(type))).toEqual(['script', 'jsonata']);
});
