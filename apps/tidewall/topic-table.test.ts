import { expect, test } from 'vitest';
import { ageText, topicTable } from './topic-table.ts';

const row = (topic: string, more: object = {}) => ({
  topic,
  kind: 'series',
  rateHz: 1,
  watchers: 2,
  freshness: { state: 'ok' as const, asOf: 1000 },
  ...more,
});

test('each topic is a line of what an operator asks', () => {
  const idle = row('host/idle', { rateHz: 0, watchers: 0, freshness: { state: 'quiet', asOf: 0 } });
  expect(topicTable([row('host/cpu'), idle], 2500, 80).split('\n')).toEqual([
    'TOPIC             KIND     RATE    AGE  WATCHERS  FRESHNESS',
    'host/cpu          series  1.0/s  1.5 s         2  ok',
    'host/idle         series      -      -         0  quiet',
    '',
  ]);
});

test('a long name loses its middle, so that no line is wider than the terminal', () => {
  const text = topicTable([row(`screens/hall/elements/${'x'.repeat(100)}_end`)], 1000, 80);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(text).toMatch(/screens\/hall.*….*_end/);
});

test.each([
  [1500, '1.5 s'],
  [60_000, '60 s'],
  [600_000, '10 min'],
  [10_800_000, '3 h'],
  [400_000_000, '5 d'],
  [-5, '0.0 s'],
])('%i ms are %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});
