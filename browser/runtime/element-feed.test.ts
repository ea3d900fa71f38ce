import { setImmediate } from 'node:timers/promises';
import type { ContractName, ScreenElement, VariableValues } from '@tidewall/screen';
import { screenSchema } from '@tidewall/screen/schema';
import { describe, expect, test } from 'vitest';
import { ElementFeed } from './element-feed.ts';
import { FakeReader } from './testing/fake-reader.ts';

const ID = 'CardStat_1_0_0_1_1700000000000';
const START = 1_700_000_000_000;
const UP = { up: true, downSince: 0, reason: '' };

function elementWith(change: object): ScreenElement {
  const screen = screenSchema.parse({
    format: 1,
    id: 'hall',
    variables: { region: {} },
    meta: { name: 'x' },
    canvas: { width: 100, height: 100 },
    pages: [{ layers: [ID] }],
    elements: { [ID]: { type: 'CardStat', frame: { x: 0, y: 0, w: 1, h: 1 }, ...change } },
  });
  return screen.elements[ID] as ScreenElement;
}

function feedOf(change: object, contract: ContractName = 'KV', values: VariableValues = {}) {
  const reader = new FakeReader(START);
  const changes: boolean[] = [];
  const feed = new ElementFeed({
    contract,
    element: elementWith(change),
    ownTopic: `screens/hall/elements/${ID}`,
    values,
    reader,
    now: () => reader.time,
    changed: (first) => changes.push(first),
  });
  return { reader, feed, changes };
}

const bound = (extra: object = {}) => ({ data: { binding: { type: 'topic', topic: 'host/now', ...extra } } });

describe('what is followed', () => {
  test('the topic that it is bound to, with its rewind', () => {
    const { reader, feed } = feedOf(bound({ rewind: 600 }));
    expect(reader.follows).toEqual([{ topic: 'host/now', options: { rewindCount: 600 } }]);
    expect(feed.topic).toBe('host/now');
  });

  test("without a binding, the element's own topic, which holds the last push", () => {
    const { reader } = feedOf({});
    expect(reader.follows).toEqual([{ topic: `screens/hall/elements/${ID}`, options: { kind: 'state' } }]);
  });

  test('the topic that the values of variables make, and none as long as one is missing', () => {
    const data = { data: { binding: { type: 'topic', topic: 'sales/region={region}' } } };
    const { reader, feed } = feedOf(data, 'KV', { region: 'a/b' });
    expect(reader.follows).toEqual([{ topic: 'sales/region=a~2fb', options: {} }]);
    expect(feed.topic).toBe('sales/region=a~2fb');
    const without = feedOf(data);
    expect(without.reader.follows).toEqual([]);
    expect(without.feed.freshness(START, { up: true, downSince: 1, reason: '' }, 0).state).toBe('waiting');
  });

  test('nothing, for static data or a component that takes none', () => {
    const fixed = feedOf({ data: { binding: { type: 'static', data: 5 } } });
    const none = feedOf({}, 'NONE');
    expect([...fixed.reader.follows, ...none.reader.follows]).toEqual([]);
    expect(fixed.feed.dataset('quiet', 0)?.rows).toEqual({ value: 5 });
    expect(none.feed.freshness(START, { up: false, downSince: 1, reason: 'x' }, 0).state).toBe('quiet');
  });
});

test('a topic that changes many times between two frames is read once', () => {
  const { reader, feed, changes } = feedOf(bound());
  for (let i = 0; i < 50; i++) reader.publish('host/now', { value: i });
  expect(changes).toHaveLength(50);
  expect(reader.replica('host/now').reads).toBe(0);
  expect(feed.dataset('ok', 0)?.rows).toEqual({ value: 49 });
  expect(reader.replica('host/now').reads).toBe(1);
});

test('latency counts from the timestamp of the source to the frame, not for what was old when it came', () => {
  const { reader, feed } = feedOf(bound());
  reader.publish('host/now', { value: 1 }, START - 60_000);
  feed.dataset('ok', 0);
  feed.painted(START);
  expect(feed.paintLatencyMs).toBeUndefined();
  reader.publish('host/now', { value: 2 }, START + 1000);
  feed.dataset('ok', 0);
  feed.painted(START + 1012);
  expect(feed.paintLatencyMs).toBe(12);
  feed.recovering();
  reader.publish('host/now', { value: 3 }, START + 2000);
  feed.dataset('ok', 0);
  feed.painted(START + 9000);
  expect(feed.paintLatencyMs).toBe(12);
});

test('a refused topic is failed with the words of the server', () => {
  const { reader, feed } = feedOf(bound());
  reader.replica('host/now').refused = { name: 'permission_denied', message: 'host/now: not allowed to read' };
  reader.tell('host/now');
  expect(feed.freshness(START, UP, START)).toMatchObject({ state: 'failed', reason: 'host/now: not allowed to read' });
});

test('the cadence of the element is used instead of the one of the topic', () => {
  const { reader, feed } = feedOf({ ...bound(), freshness: { expectEveryMs: 10_000 } });
  reader.replica('host/now').freshness = { state: 'stale', asOf: START, expectEveryMs: 1000 };
  reader.publish('host/now', { value: 1 });
  reader.time = START + 15_000;
  expect(feed.freshness(reader.time, UP, START).state).toBe('ok');
  reader.time = START + 25_000;
  expect(feed.freshness(reader.time, UP, START).state).toBe('late');
});

test.each([
  ['ahead', 3_600_000],
  ['slow', -3_600_000],
])('a source whose clock is an hour %s is as alive as its publications come', (_, skewMs) => {
  const { reader, feed } = feedOf({ ...bound(), freshness: { expectEveryMs: 1000 } });
  const state = () => feed.freshness(reader.time, UP, reader.time).state;
  for (let second = 0; second < 3; second++) {
    reader.time = START + second * 1000;
    reader.publish('host/now', { value: second }, reader.time + skewMs);
  }
  expect(state()).toBe('ok');
  reader.time += 2001;
  expect(state()).toBe('late');
  reader.time += 3000;
  expect(state()).toBe('stale');
});

test('a topic that is void shows nothing, and says that it waits', () => {
  const { reader, feed } = feedOf(bound());
  reader.publish('host/now', { value: 1 });
  feed.dataset('ok', 0);
  reader.publish('host/now', undefined, 0);
  expect(feed.dataset('ok', 0)).toBeUndefined();
  expect(feed.freshness(START, UP, START)).toEqual({ state: 'waiting', ageMs: undefined, reason: '' });
});

test('nothing is followed after dispose', () => {
  const { reader, feed } = feedOf(bound());
  feed.dispose();
  expect(reader.held).toBe(0);
});

describe('transforms', () => {
  /** The feed asked for the same module before, and is told before us. */
  async function fetched(): Promise<void> {
    await import('@tidewall/transform/cel');
    await setImmediate();
  }

  const calc = (text: string) => ({ transforms: [{ type: 'map', fields: { value: { cel: text } } }] });

  test('that use CEL are fetched, and what came meanwhile is read then', async () => {
    const { reader, feed, changes } = feedOf({
      data: { binding: { type: 'topic', topic: 'host/now' }, ...calc('cpu * 2') },
    });
    reader.publish('host/now', { cpu: 4 });
    expect([feed.dataset('ok', 0), feed.hasNew]).toEqual([undefined, true]);
    await fetched();
    expect(changes).toEqual([true, true]);
    expect(feed.dataset('ok', 0)?.rows).toEqual({ value: 8 });
    expect(feed.hasNew).toBe(false);
  });

  test('of static data are fetched too', async () => {
    const { feed, changes } = feedOf({ data: { binding: { type: 'static', data: 5 }, ...calc('row + 1') } });
    expect(feed.dataset('quiet', 0)).toBeUndefined();
    await fetched();
    expect(changes).toEqual([true]);
    expect(feed.dataset('quiet', 0)?.rows).toEqual({ value: 6 });
  });

  test('that only the server can run are named', async () => {
    const script = { transforms: [{ type: 'script', code: 'return data' }] };
    const { feed } = feedOf({ data: { binding: { type: 'static', data: 5 }, ...script } });
    await fetched();
    expect(feed.mismatch).toMatchObject({
      path: 'transforms[0]',
      got: 'transforms[0]: script runs only on the server',
    });
  });

  test('that arrive after the end wake nobody', async () => {
    const { feed, changes } = feedOf({ data: { binding: { type: 'static', data: 5 }, ...calc('row + 1') } });
    feed.dispose();
    await fetched();
    expect(changes).toEqual([]);
  });
});
