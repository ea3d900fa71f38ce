import { matchesPattern, type TopicName } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopicSettingsList } from './topic-settings-list.ts';
import type { TopicConfig } from './topic-settings-schema.ts';

const said = (pattern: string, more: Partial<TopicConfig> = {}): TopicConfig => ({ pattern, ...more });
const patterns = (list: TopicSettingsList) => list.rows.map(({ from, settings }) => `${from} ${settings.pattern}`);
const kindOf = (list: TopicSettingsList, topic: string) => list.settingsOf(topic as TopicName)?.kind;

test('the first pattern that matches counts alone, and the API comes before the file', () => {
  const file = [said('plant/+', { kind: 'series', keyField: 'k' }), said('#', { kind: 'log' })];
  const list = new TopicSettingsList([], file).with(said('plant/#', { kind: 'table' }));
  expect(kindOf(list, 'plant/a')).toBe('table');
  expect(list.settingsOf('plant/a' as TopicName)?.keyField).toBeUndefined();
  expect(kindOf(list, 'shop/a')).toBe('log');
  expect(kindOf(new TopicSettingsList([], file), 'plant/a')).toBe('series');
  expect(kindOf(new TopicSettingsList([], []), 'plant/a')).toBeUndefined();
});

test('what is said newly counts first, unless it is given a place; said again it stays in its place', () => {
  const list = new TopicSettingsList([], [said('f')]).with(said('a')).with(said('b')).with(said('c'), 1);
  expect(patterns(list)).toEqual(['api b', 'api c', 'api a', 'file f']);
  expect(patterns(list.with(said('a', { kind: 'log' })))).toEqual(['api b', 'api c', 'api a', 'file f']);
  expect(patterns(list.with(said('a'), 0))).toEqual(['api a', 'api b', 'api c', 'file f']);
  expect(patterns(list.with(said('b'), 99))).toEqual(['api c', 'api a', 'api b', 'file f']);
  expect(patterns(list)).toEqual(['api b', 'api c', 'api a', 'file f']);
});

test('what was said through the API can be taken back, what the file says cannot', () => {
  const list = new TopicSettingsList([said('a')], [said('f'), said('a')]);
  expect(patterns(list.without('a'))).toEqual(['file f', 'file a']);
  expect(list.without('f')).toBe(list);
});

test('what matches is what the patterns say, in the order of the list', () => {
  const part = fc.constantFrom('a', 'b', '__proto__', '+', '#');
  const pattern = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.filter((one, i) => one !== '#' || i === parts.length - 1).join('/'))
    .filter((text) => text !== '');
  const topic = fc.array(fc.constantFrom('a', 'b', '__proto__'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(pattern), fc.array(pattern), topic, (made, file, parts) => {
      const name = parts.join('/') as TopicName;
      const list = new TopicSettingsList(
        made.map((each) => said(each)),
        file.map((each) => said(each)),
      );
      const expected = [...made, ...file].filter((each) => matchesPattern(each, name));
      expect(list.matching(name).map(({ settings }) => settings.pattern)).toEqual(expected);
    }),
  );
});
