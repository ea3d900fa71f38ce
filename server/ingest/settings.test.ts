import { parseTopicName } from '@tidewall/protocol';
import { expect, test } from 'vitest';
import { ingestSchema } from './settings.ts';
import { settingsOfIngestTopic } from './topic-settings.ts';

test.each(['.', '..', 'screens', 'redis', '', 'a/b', 'a b', 'a=b', 'x'.repeat(33)])(
  '[I9] %j is not what names may begin with',
  (prefix) => {
    expect(ingestSchema.safeParse({ prefix }).success).toBe(false);
  },
);

test('[I21] only topics of ingest keep so many points, and only where nothing else is said', () => {
  const settings = ingestSchema.parse({ prefix: 'metrics', points: 7 });
  const of = (topic: string, configured?: object) => settingsOfIngestTopic(parseTopicName(topic), settings, configured);
  expect(of('metrics/influx/cpu')).toEqual({ keep: { count: 7 } });
  expect(of('metrics/influx/cpu', { retain: false, keep: { ageMs: 5 } })).toEqual({
    retain: false,
    keep: { count: 7, ageMs: 5 },
  });
  expect(of('metrics/influx/cpu', { kind: 'series', keep: { count: 3 } })).toMatchObject({ keep: { count: 3 } });
  expect(of('metrics')).toBeUndefined();
  expect(of('metricsx/a', { kind: 'log' })).toEqual({ kind: 'log' });
});
