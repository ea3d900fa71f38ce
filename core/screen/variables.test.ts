import { parseTopicName, parseTopicPattern } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { screenSchema } from './schema.ts';
import { topicPatternWith, topicWith } from './topic-template.ts';
import { topicsOfScreen, variableValues } from './variables.ts';

/** Halves of surrogate pairs stand for nothing, whichever they are. */
const wellFormed = (text: string) => text.replace(/\p{Cs}/gu, '\ufffd');
const ONE = 'CardStat_1_0_0_1_1700000000000';
const TWO = 'CardStat_1_0_0_2_1700000000000';
const THREE = 'CardStat_1_0_0_3_1700000000000';
const element = (data: object = {}) => ({ type: 'CardStat', frame: { x: 0, y: 0, w: 1, h: 1 }, data });
const screenOf = (change: object = {}) => ({
  ...{ format: 1, id: 'hall', meta: { name: 'h' }, canvas: { width: 100, height: 100 }, pages: [{ layers: [] }] },
  variables: { region: { default: 'sh' }, year: {} },
  elements: {
    [ONE]: element({ binding: { type: 'topic', topic: 'sales/region={region},year={year}/now' } }),
    [TWO]: element(),
    [THREE]: element({ binding: { type: 'static', data: 1 } }),
  },
  ...change,
});

test('[S12] a topic is made with the values of variables, and is none as long as one is missing', () => {
  expect(topicWith('a/{x}/b', { x: 1 })).toBe('a/1/b');
  expect(topicWith('a/{x}/b', {})).toBeUndefined();
  expect(topicWith('a/{x}/b', { x: '' })).toBeUndefined();
  expect(topicWith('a/b', {})).toBe('a/b');
  expect(topicWith('a/{toString}', {})).toBeUndefined();
});

test('[S12] whatever a value is, it stays a part of one level, and two values are never one topic', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.string({ minLength: 1, maxLength: 20 }), (a, b) => {
      const [one, other] = [topicWith('t/x={v}/u', { v: a }), topicWith('t/x={v}/u', { v: b })];
      expect(parseTopicName(one).split('/')).toHaveLength(3);
      expect(one === other).toBe(wellFormed(a) === wellFormed(b));
    }),
  );
});

test('[S12] where only some values are fixed, the other levels are open', () => {
  expect(topicPatternWith('sales/{region}/{year}', { region: 'sh' })).toBe('sales/sh/+');
  expect(topicPatternWith('sales/{region}-{year}', { region: 'sh' })).toBe('sales/+');
  const screen = screenSchema.parse(screenOf());
  const patterns = topicsOfScreen(screen, { region: 'sh', year: '#' });
  expect(patterns).toEqual(['sales/region=sh,year=~23/now', `screens/hall/elements/${TWO}`, 'screens/hall/variables']);
  for (const pattern of topicsOfScreen(screen, {})) parseTopicPattern(pattern);
});

test('[S12] a binding names only variables of its screen', () => {
  const result = screenSchema.safeParse(screenOf({ variables: { region: {} } }));
  expect(result.success ? [] : result.error.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
    [`elements.${ONE}.data.binding.topic`, "has {year}, which is none of the screen's variables"],
  ]);
});

test('[S13] what is fixed comes before what was pushed, that before the address, that before the default', () => {
  const screen = screenSchema.parse(screenOf());
  const address = Object.fromEntries(new URLSearchParams('region=bj&other=1&__proto__=x&year=2026'));
  const values = (fixed: object, pushed: object) =>
    variableValues(screen, { fixed: fixed as never, pushed: pushed as never, address });
  expect(values({ region: 'gz' }, { region: 'cd' })).toEqual({ region: 'gz', year: '2026' });
  expect(values({}, { region: 'cd', year: [1] })).toEqual({ region: 'cd', year: '2026' });
  expect(values({}, {})).toEqual({ region: 'bj', year: '2026' });
  expect(variableValues(screen, { fixed: {}, pushed: {}, address: {} })).toEqual({ region: 'sh' });
});
