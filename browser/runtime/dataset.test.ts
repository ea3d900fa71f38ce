import type { JsonValue } from '@tidewall/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ElementData } from './dataset.ts';
import { FakeReplica } from './testing/fake-reader.ts';

const replicaOf = (value: JsonValue, asOf = 1000) => {
  const replica = new FakeReplica('a/b');
  replica.set(value, asOf);
  return replica;
};

test('a topic goes through its transforms and must fit the contract', () => {
  const data = new ElementData('KV', [{ type: 'map', fields: { value: 'cpu', unit: { value: '%' } } }]);
  expect(data.dataset('ok')).toBeUndefined();
  expect(data.take(replicaOf({ cpu: 42, other: 1 }), 0)).toBe(true);
  expect(data.dataset('ok')).toEqual({
    rows: { value: 42, unit: '%' },
    revision: 1,
    asOf: 1000,
    state: 'ok',
    rateHz: 0,
  });
});

test('a topic that has not changed is not read again', () => {
  const replica = replicaOf([{ name: 'a', value: 1 }]);
  const data = new ElementData('NV', []);
  data.take(replica, 0);
  const first = data.dataset('ok');
  const { reads } = replica;
  expect(data.take(replica, 16)).toBe(false);
  expect(replica.reads).toBe(reads);
  expect(data.dataset('ok')).toBe(first);
});

test('a new state is a new dataset of the same rows', () => {
  const data = new ElementData('KV', []);
  data.take(replicaOf(1), 0);
  const before = data.dataset('ok');
  const after = data.dataset('late');
  expect(after).not.toBe(before);
  expect(after).toMatchObject({ state: 'late', revision: 1, rows: before?.rows });
});

describe('data that does not fit', () => {
  test('leaves the last good rows standing, and is named', () => {
    const replica = replicaOf([{ name: 'a', value: 1 }]);
    const data = new ElementData('NV', []);
    data.take(replica, 0);
    replica.set([{ name: 'a', value: 'much' }], 2000);
    data.take(replica, 10);
    expect(data.dataset('ok')).toMatchObject({ rows: [{ name: 'a', value: 1 }], revision: 1, asOf: 1000 });
    expect(data.mismatch).toMatchObject({ path: '[0].value', expected: 'a number or null', got: '"much"' });
  });

  test('is forgotten when good data comes', () => {
    const replica = replicaOf('x');
    const data = new ElementData('NV', []);
    data.take(replica, 0);
    expect([data.mismatch?.path, data.dataset('ok')]).toEqual(['', undefined]);
    replica.set([{ name: 'a', value: 1 }], 2000);
    data.take(replica, 10);
    expect([data.mismatch, data.dataset('ok')?.revision]).toEqual([undefined, 1]);
  });

  test('does not reach rows that were good when a list is changed in place', () => {
    const list: JsonValue[] = [{ name: 'a', value: 1 }];
    const replica = replicaOf(list);
    const data = new ElementData('NV', []);
    data.take(replica, 0);
    list.push({ name: 'b' });
    replica.revision++;
    data.take(replica, 10);
    expect(data.dataset('ok')?.rows).toEqual([{ name: 'a', value: 1 }]);
  });
});

test('a topic that holds nothing any more shows nothing, until something comes', () => {
  const replica = replicaOf([{ name: 'a', value: 1 }]);
  const data = new ElementData('NV', []);
  data.take(replica, 0);
  data.dataset('ok');
  replica.set(undefined, 0);
  expect(data.take(replica, 10)).toBe(true);
  expect([data.dataset('ok'), data.present, data.asOf]).toEqual([undefined, false, 0]);
  replica.set([{ name: 'b', value: 2 }], 2000);
  data.take(replica, 20);
  expect(data.dataset('ok')).toMatchObject({ rows: [{ name: 'b', value: 2 }], revision: 3, asOf: 2000 });
});

test('the columns of a series are handed on without being copied', () => {
  const replica = new FakeReplica('host/cpu');
  replica.kind = 'series';
  const columns = { t: [1, 2], total: [3, 4] };
  replica.set(columns, 2);
  const data = new ElementData('TS', []);
  data.take(replica, 0);
  expect(data.dataset('ok')?.rows).toBe(columns);
  columns.t.push(3);
  columns.total.push(5);
  replica.revision++;
  data.take(replica, 10);
  expect(data.dataset('ok')).toMatchObject({ rows: { t: [1, 2, 3] }, revision: 2 });
});

test('columns that are picked and renamed are those of the topic', () => {
  const replica = new FakeReplica('host/cpu');
  replica.kind = 'series';
  const columns = { t: [1, 2], total: [3, 4], idle: [9, 9] };
  replica.set(columns, 2);
  const data = new ElementData('TS', [{ type: 'map', fields: { t: 't', CPU: 'total' } }]);
  data.take(replica, 0);
  const rows = data.dataset('ok')?.rows;
  expect(rows).toEqual({ t: [1, 2], CPU: [3, 4] });
  expect(rows?.t).toBe(columns.t);
});

test('static data has no age and no rate', () => {
  const data = new ElementData('KV', []);
  data.takeStatic({ value: 7 });
  expect(data.dataset('quiet')).toEqual({ rows: { value: 7 }, revision: 1, asOf: 0, state: 'quiet', rateHz: 0 });
});

test('the rate follows how often the topic changes, also between frames', () => {
  const replica = replicaOf(1);
  const data = new ElementData('KV', []);
  for (let ms = 0; ms <= 20_000; ms += 100) {
    replica.set(ms, ms);
    replica.revision += 2;
    data.take(replica, ms);
  }
  expect(data.dataset('ok')?.rateHz).toBeCloseTo(30, 0);
});

test('whatever comes, what is shown is the last that fitted', () => {
  const value = fc.oneof(fc.integer(), fc.constant(null), fc.record({ value: fc.integer() }), fc.array(fc.integer()));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const replica = new FakeReplica('x');
      const data = new ElementData('KV', []);
      let last: unknown;
      for (const next of values) {
        replica.set(next, 1);
        data.take(replica, 0);
        if (typeof next === 'number') last = { value: next };
        else if (next !== null && !Array.isArray(next)) last = next;
        else if (Array.isArray(next) && next.length === 1) last = { value: next[0] };
        expect(data.dataset('ok')?.rows).toEqual(last);
      }
    }),
  );
});

test('transforms that fail leave the last good rows standing, and name the step and the row', () => {
  const data = new ElementData('NV', [
    { type: 'window', by: [], time: 't', fields: { sum: { op: 'sum', field: 'value', ms: 10 } } },
  ]);
  const replica = replicaOf([{ name: 'a', value: 1, t: 1 }]);
  data.take(replica, 0);
  replica.set(
    [
      { name: 'a', value: 1, t: 2 },
      { name: 'a', value: 1, t: 1 },
    ],
    2000,
  );
  data.take(replica, 10);
  expect(data.dataset('ok')).toMatchObject({ rows: [{ name: 'a', value: 1, t: 1, sum: 1 }], asOf: 1000 });
  expect(data.mismatch).toMatchObject({ path: 'transforms[0].time' });
  expect(data.mismatch?.got).toContain('at [1]: goes back from 2 to 1');
});

test('steps that can never work are shown, and end nothing', () => {
  const data = new ElementData('NV', [{ type: 'rename', names: { a: 'x', b: 'x' } }]);
  data.take(replicaOf([{ a: 1 }]), 0);
  expect(data.mismatch?.path).toBe('transforms[0].names.b');
});
