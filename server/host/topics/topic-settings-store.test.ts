import type { JsonValue } from '@tidewall/base';
import type { HubPort, TopicSummary } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { TestStore } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError } from '../startup-errors.ts';
import type { TopicConfig } from './topic-settings-schema.ts';
import { type ChangeOptions, TOPIC_SETTINGS_LIMITS, TopicSettingsStore } from './topic-settings-store.ts';

let kept: TestStore;

beforeEach(async () => {
  kept = await TestStore.open();
});

afterEach(() => kept.close());

const said = (pattern: string, more: Partial<TopicConfig> = {}): TopicConfig => ({ pattern, ...more });
const summary = (topic: string, more: Partial<TopicSummary>): TopicSummary => ({
  topic: topic as TopicName,
  kind: 'state',
  epoch: 'e',
  offset: 1,
  rateHz: 0,
  watchers: 0,
  freshness: { state: 'quiet', asOf: 0 },
  ...more,
});

/** As much of a hub as a change asks for. */
function options(topics: readonly TopicSummary[], more: Partial<ChangeOptions> = {}) {
  const told: string[] = [];
  const hub = {
    topics: () => topics,
    async reconfigure() {
      told.push('reconfigure');
    },
  } as unknown as HubPort;
  return { told, hub, principal: { id: 'a', roles: [] }, reset: false, isGiven: () => false, ...more };
}

const patternsIn = async () => {
  const [record] = await kept.read('topics');
  const { topics } = (record?.value ?? { topics: [] }) as { topics: { pattern: string }[] };
  return topics.map(({ pattern }) => pattern);
};
const keep = (value: JsonValue) => kept.write([{ collection: 'topics', id: 'settings', value }]);

test('a change is kept before it counts', async () => {
  const store = await TopicSettingsStore.open(kept, []);
  const change = options([]);
  await store.change((list) => list.with(said('a/+', { kind: 'log', readOnly: true })), change);
  expect(change.told).toEqual(['reconfigure']);
  const again = await TopicSettingsStore.open(kept, [said('#')]);
  expect(again.list.rows).toEqual([
    { from: 'api', settings: { pattern: 'a/+', kind: 'log', readOnly: true } },
    { from: 'file', settings: { pattern: '#' } },
  ]);
});

test('a schema comes back from the store as a check', async () => {
  await keep({ topics: [{ pattern: 'a', kind: 'state', schema: { type: 'number' } }] });
  const { list } = await TopicSettingsStore.open(kept, []);
  expect(list.settingsOf('a' as TopicName)?.fits?.('replace', 'x')).toMatchObject({ expected: 'a number', example: 1 });
});

test('changes that come together are made one after another, and none is lost', async () => {
  const store = await TopicSettingsStore.open(kept, []);
  const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
  await Promise.all(names.map((name) => store.change((list) => list.with(said(name)), options([]))));
  expect((await patternsIn()).sort()).toEqual([...names].sort());
});

test('a change that cannot be kept changes nothing, and stops no later one', async () => {
  kept.failure = new Error('the disk is broken');
  const store = await TopicSettingsStore.open(kept, []);
  const change = options([]);
  await expect(store.change((list) => list.with(said('a')), change)).rejects.toThrow();
  expect(store.list.rows).toEqual([]);
  expect(change.told).toEqual([]);
  kept.failure = undefined;
  await store.change((list) => list.with(said('b')), change);
  expect(await patternsIn()).toEqual(['b']);
});

test.each<[string, TopicSummary, Partial<TopicConfig>, boolean]>([
  ['another kind', summary('t', { kind: 'log' }), { kind: 'state' }, true],
  ['another key', summary('t', { kind: 'table', keyField: 'id' }), { kind: 'table', keyField: 'sku' }, true],
  ['the same', summary('t', { kind: 'table', keyField: 'sku' }), { kind: 'table', keyField: 'sku' }, false],
  ['a key that only tables have', summary('t', { kind: 'log' }), { keyField: 'sku' }, false],
  ['nothing of kind or key', summary('t', { kind: 'log' }), { expectEveryMs: 1000 }, false],
  ['another kind of one that holds nothing', summary('t', { kind: 'log', offset: 0 }), { kind: 'state' }, false],
  ['another kind of one that a source feeds', summary('t', { kind: 'log', source: 's' }), { kind: 'state' }, false],
])('saying %s is refused when that would lose data', async (_what, topic, more, refused) => {
  const store = await TopicSettingsStore.open(kept, []);
  const change = () => store.change((list) => list.with(said('t', more)), options([topic]));
  if (!refused) return expect(await change()).toEqual([]);
  await expect(change()).rejects.toMatchObject({
    kind: 'conflict',
    message: 't would be of another kind or have another key, and lose what they hold; allow it with reset=true',
    detail: { topics: ['t'], count: 1 },
  });
  expect(store.list.rows).toEqual([]);
  expect(await kept.read('topics')).toEqual([]);
  const reset = options([topic], { reset: true });
  expect(await store.change((list) => list.with(said('t', more)), reset)).toEqual(['t']);
  expect(reset.told).toEqual(['reconfigure']);
});

test('topics of which something else has the say do not stand in the way', async () => {
  const store = await TopicSettingsStore.open(kept, []);
  const given = options([summary('screens/a/elements/b', {})], { isGiven: () => true });
  expect(await store.change((list) => list.with(said('#', { kind: 'log' })), given)).toEqual([]);
});

test('there may be so many patterns, and so many characters of them', async () => {
  const { patterns, characters } = TOPIC_SETTINGS_LIMITS;
  const full = Array.from({ length: patterns }, (_, i) => said(`p${i}`));
  await keep({ topics: full as unknown as JsonValue[] });
  const store = await TopicSettingsStore.open(kept, []);
  const over = { kind: 'limit_exceeded' };
  await expect(store.change((list) => list.with(said('more')), options([]))).rejects.toMatchObject(over);
  await store.change((list) => list.with(said('p7', { kind: 'log' })), options([]));
  const large = said('p8', { kind: 'state', schema: { description: 'x'.repeat(characters) } });
  await expect(store.change((list) => list.with(large), options([]))).rejects.toMatchObject(over);
});

test.each<[string, RegExp]>([
  [
    '{"topics":[{"pattern":"a"},{"pattern":"b//c"}]}',
    /: topics\[settings\]\.topics\[1\]\.pattern must not have an empty part.*; put back a backup/,
  ],
  ['{"topics":[{"pattern":"a","knid":"log"}]}', /topics\[0\]\.knid is unknown; did you mean "kind"\?/],
  ['{"topics":[{"pattern":"a","kind":"log","schema":{"type":"nmber"}}]}', /topics\[0\]\.schema\.type must be one of/],
  ['[]', /must be an object/],
])('a record that says %s stops the start, naming the place', async (text, message) => {
  await keep(JSON.parse(text));
  const failure = await TopicSettingsStore.open(kept, []).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).message).toMatch(message);
});
