import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Bench } from '../bench.ts';
import { Follower, type FollowerOptions } from '../follower.ts';
import { sameJson } from '../same-json.ts';
import type { Scenario } from '../scenario.ts';

/** A way to look at rows, and the same said in this program's own words. */
interface Look {
  readonly options: FollowerOptions;
  readonly passes: (row: JsonObject) => boolean;
}

const FILTERS: readonly Look[] = [
  { options: {}, passes: () => true },
  { options: { filter: ['site', 'eq', 'sh'] }, passes: (row) => row['site'] === 'sh' },
  {
    options: { filter: ['and', ['v', 'ge', 50], ['not', ['site', 'in', ['bj', 'gz']]]] },
    passes: (row) => (row['v'] as number) >= 50 && row['site'] !== 'bj' && row['site'] !== 'gz',
  },
];
const FIELDS: readonly (readonly string[] | undefined)[] = [undefined, ['v']];
const DELTAS = [false, true];
const RATES: readonly FollowerOptions[] = [{}, { rateHz: 10 }];

export const views: Scenario = {
  name: 'views',
  says: 'filter, fields, delta and rate go together, and show what they should',

  async run(bench) {
    const table = bench.topic('table');
    const value = bench.topic('value');
    const rows = new Map<string, JsonObject>();
    let current: JsonObject = {};
    const change = (): void => {
      const id = `k${bench.random.between(1, 25)}`;
      if (bench.random.next() < 0.15) rows.delete(id);
      else rows.set(id, rowOf(bench, id));
      current = {
        ...current,
        ...rowOf(bench, 'value'),
        [`f${bench.random.between(1, 30)}`]: bench.random.between(0, 9),
      };
    };
    for (let i = 0; i < 40; i++) change();
    await bench.api.publishMany([
      { topic: table, kind: 'table', data: [...rows.values()] },
      { topic: value, kind: 'state', data: current },
    ]);

    const followers: { readonly follower: Follower; readonly look: string; readonly shown: () => JsonValue }[] = [];
    for (const wire of bench.wires) {
      for (const { options, passes } of FILTERS) {
        for (const fields of FIELDS) {
          for (const delta of DELTAS) {
            for (const rate of RATES) {
              const all = { ...options, ...rate, ...(fields && { fields: [...fields] }), ...(delta && { delta }) };
              const client = await bench.connect(wire);
              const ofTable = new Follower(table, bench.report);
              await ofTable.start(client, all);
              const ofValue = new Follower(value, bench.report);
              await ofValue.start(client, all);
              const look = JSON.stringify(all);
              const part = (row: JsonObject, always: readonly string[]) =>
                fields === undefined
                  ? row
                  : Object.fromEntries(Object.entries(row).filter(([name]) => [...always, ...fields].includes(name)));
              followers.push(
                {
                  follower: ofTable,
                  look,
                  shown: () => [...rows.values()].filter(passes).map((row) => part(row, ['id'])),
                },
                { follower: ofValue, look, shown: () => (passes(current) ? part(current, []) : null) },
              );
            }
          }
        }
      }
    }

    const count = bench.sized(250, 40);
    for (let done = 0; done < count; done++) {
      const before = new Set(rows.keys());
      const versions = new Map(rows);
      for (let i = bench.random.between(1, 3); i > 0; i--) change();
      const upserts = [...rows.values()].filter((row) => versions.get(row['id'] as string) !== row);
      const removals = [...before].filter((id) => !rows.has(id));
      await bench.api.publishMany([
        ...(removals.length > 0 ? [{ topic: table, op: 'remove', data: removals } as const] : []),
        ...(upserts.length > 0 ? [{ topic: table, data: upserts }] : []),
        { topic: value, data: current },
      ]);
    }

    // Publications without effect on a view need not move it. The last one has an effect on each.
    const last = { id: 'last', site: 'sh', v: 100, note: 'last' };
    rows.set('last', last);
    current = { ...current, ...last };
    await bench.api.publishMany([
      { topic: table, data: [last] },
      { topic: value, data: current },
    ]);

    for (const topic of [table, value]) {
      const { offset } = await bench.api.snapshot(topic);
      const own = followers.filter(({ follower }) => follower.topic === topic);
      const wrong = () =>
        own.find(({ follower, shown }) => follower.offset !== offset || !sameSet(follower.value, shown()));
      await bench.until(
        () => {
          const { follower, look, shown } = wrong() ?? {};
          const at = `is at ${follower?.offset} of ${offset}`;
          return `${topic} with ${look} ${at} and shows ${shortly(follower?.value)}, not ${shortly(shown?.())}`;
        },
        () => wrong() === undefined,
      );
    }
    const pushes = followers.reduce((sum, { follower }) => sum + follower.pushes, 0);
    return `${followers.length} views, ${count} changes, ${pushes} pushes`;
  },
};

function rowOf({ random }: Bench, id: string): JsonObject {
  return {
    id,
    site: random.pick(['sh', 'bj', 'gz', 'sz']),
    v: random.between(0, 99),
    note: `n${random.between(0, 5)}`,
  };
}

/** A row that begins to pass comes last at first, and where it belongs after a snapshot: order is no matter here. */
function sameSet(a: JsonValue, b: JsonValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return sameJson(a, b);
  const byKey = (rows: JsonValue[]) => rows.map((row) => JSON.stringify((row as JsonObject)['id'])).sort();
  const find = (rows: JsonValue[], id: JsonValue | undefined) => rows.find((row) => (row as JsonObject)['id'] === id);
  return sameJson(byKey(a), byKey(b)) && a.every((row) => sameJson(row, find(b, (row as JsonObject)['id'])));
}

function shortly(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
