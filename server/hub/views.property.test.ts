import type { JsonObject, JsonValue } from '@tidewall/base';
import type { ConfigureRequest } from '@tidewall/contracts';
import type { Filter, TopicKind } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Options, points, run, type Step, steps } from './convergence.contract.ts';
import { selectionOf } from './selection.ts';

/*
 * Rate, filter, fields and deltas compose: whatever a subscriber asks for, and however it is cut, stalled and
 * reconfigured meanwhile, it ends with what it asked for of what the hub holds.
 */

const rateHz = fc.constantFrom(undefined, undefined, 2, 50);
const delta = fc.constantFrom(undefined, true, false);
const bounds = [fc.integer({ min: 1, max: 12 }), fc.constantFrom(0, 8)] as const;
const digit = fc.integer({ min: 0, max: 9 });

function optionsWith(filters: readonly fc.Arbitrary<Filter>[], fields: readonly string[]): fc.Arbitrary<Options> {
  return fc.record({
    rateHz,
    delta,
    filter: fc.oneof(fc.constant(undefined), ...filters),
    fields: fc.oneof(fc.constant(undefined), fc.uniqueArray(fc.constantFrom(...fields), { minLength: 1 })),
  });
}

/** The script with changes of rate and delta here and there, and of what is shown where the kind allows to compare. */
function withConfigures(kind: TopicKind, shown: fc.Arbitrary<Options>): fc.Arbitrary<readonly Step[]> {
  const change: fc.Arbitrary<ConfigureRequest> = fc.oneof(
    fc.record({ rateHz: fc.constantFrom(null, 2, 50) }),
    fc.record({ delta: fc.boolean() }),
    shown.map(({ filter, fields }) => ({ filter: filter ?? null, fields: fields ?? null })),
  );
  const configure = change.map((one): Step => ({ do: 'configure', change: one }));
  return fc.tuple(steps(kind), fc.array(fc.tuple(fc.nat(60), configure), { maxLength: 4 })).map(([script, inserts]) => {
    const all = [...script];
    for (const [place, step] of inserts) all.splice(Math.min(place, all.length), 0, step);
    return all;
  });
}

const stateOptions = optionsWith(
  [
    fc.tuple(fc.constantFrom('a', 'b', '/a/b'), fc.constantFrom('eq', 'ne', 'lt', 'ge'), digit),
    fc.tuple(fc.constant('a'), fc.constant('exists' as const), fc.boolean()),
  ],
  ['a', 'b', '__proto__'],
);

test('[H40] [H41] [H42] [H43] a state converges in any view', async () => {
  await fc.assert(
    fc.asyncProperty(
      withConfigures('state', stateOptions),
      ...bounds,
      stateOptions,
      async (script, keep, ms, options) => {
        const { subscriber, steady, truth } = await run('state', script, keep, ms, options);
        for (const one of [subscriber, steady]) {
          const selection = selectionOf(one.options, {});
          const shown = (value: JsonValue) =>
            selection?.passes(value) === false ? null : (selection?.pick(value) ?? value);
          expect(one.held).toEqual(truth === undefined ? undefined : shown(truth));
        }
      },
    ),
    { numRuns: 500 },
  );
});

const tableOptions = optionsWith(
  [
    fc.tuple(fc.constant('v'), fc.constantFrom('eq', 'ne', 'lt', 'ge'), digit),
    fc.tuple(fc.constant('id'), fc.constant('in' as const), fc.subarray(['k1', 'k2', 'k3'])),
  ],
  ['v', 'id', 'w'],
);

test('[H40] [H41] [H42] [H43] a table converges in any view', async () => {
  await fc.assert(
    fc.asyncProperty(
      withConfigures('table', tableOptions),
      ...bounds,
      tableOptions,
      async (script, keep, ms, options) => {
        const { subscriber, steady, truth } = await run('table', script, keep, ms, options);
        for (const one of [subscriber, steady]) {
          const selection = selectionOf(one.options, {});
          const shown = ((truth ?? []) as JsonObject[])
            .filter((row) => selection?.passes(row) ?? true)
            .map(
              (row) => ({ ...((selection?.pick(row) as JsonObject | undefined) ?? row), id: row['id'] }) as JsonObject,
            );
          const held = (one.held ?? []) as JsonObject[];
          // Rows that a filter hides and shows again are put at the end by whoever saw them go.
          const order = selection?.passesAll === false ? byId : (rows: JsonObject[]) => rows;
          expect(order(held)).toEqual(order(shown));
        }
      },
    ),
    { numRuns: 500 },
  );
});

function byId(rows: JsonObject[]): JsonObject[] {
  return [...rows].sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
}

const seriesOptions = optionsWith([fc.tuple(fc.constant('a'), fc.constantFrom('lt', 'ge', 'ne'), digit)], ['a', 'b']);

test('[H40] [H41] a series has the points that pass, and their columns, of those that are kept', async () => {
  await fc.assert(
    fc.asyncProperty(steps('series'), ...bounds, seriesOptions, async (script, keep, ms, options) => {
      const { subscriber, steady, truth } = await run('series', script, keep, ms, options);
      const selection = selectionOf(options, {});
      const shown = points(truth)
        .filter((point) => selection?.passes({ a: null, ...(point as JsonObject) }) ?? true)
        .map((point) => {
          const { t, ...rest } = point as JsonObject;
          return { ...((selection?.pick(rest) as JsonObject | undefined) ?? rest), t };
        });
      for (const { held } of [subscriber, steady]) {
        const have = points(held);
        expect(have.slice(Math.max(0, have.length - shown.length))).toEqual(shown);
      }
    }),
    { numRuns: 400 },
  );
});

const logOptions = optionsWith([fc.tuple(fc.constant('never'), fc.constant('exists' as const), fc.boolean())], ['x']);

test('[H40] [H44] of a log, every entry that passes comes once and in order, or is told to be gone', async () => {
  await fc.assert(
    fc.asyncProperty(steps('log'), ...bounds, logOptions, async (script, keep, ms, options) => {
      const { subscriber, steady } = await run('log', script, keep, ms, options);
      const selection = selectionOf(options, {});
      const entries = script.flatMap((step) => (step.do === 'publish' ? [step.data] : []));
      const passing = entries.flatMap((entry, i) => ((selection?.passes(entry) ?? true) ? [i + 1] : []));
      for (const { accounted, gone } of [subscriber, steady]) {
        expect(accounted.filter((offset) => !gone.has(offset))).toEqual(passing.filter((offset) => !gone.has(offset)));
      }
    }),
    { numRuns: 400 },
  );
});
