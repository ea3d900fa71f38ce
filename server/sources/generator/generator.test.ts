import type { JsonObject } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './definition.ts';
import { valueAt } from './series-source.ts';
import { createWalk } from './walk.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const START = 1_700_000_000_000;

async function runFor(config: object, ms: number, startMs = START): Promise<RecordingSink> {
  const clock = new FakeClock(startMs);
  const sink = new RecordingSink();
  const abort = new AbortController();
  const context = testContext({ name: 'made', baseDir: '.', clock, log: silent, limits: DEFAULT_LIMITS });
  const running = definition.create(parseSourceConfig('made', definition, config), context).run(sink, abort.signal);
  await clock.advance(ms);
  abort.abort();
  await running;
  return sink;
}

describe('a made-up series', () => {
  const config = {
    shape: 'series',
    seed: 9,
    everyMs: 500,
    backfill: 10,
    fields: {
      flow: { base: 10, noise: 1, season: { amplitude: 2, periodMs: 60_000 }, spikes: { chance: 0.1, size: 50 } },
      temp: { base: 20, faults: { chance: 0.5, durationMs: 2_000 }, decimals: 0 },
    },
  };

  it('starts full, and goes on at the ticks', async () => {
    const { publications } = await runFor(config, 1_500);
    expect(publications.map(({ op }) => op)).toEqual(['replace', 'append', 'append', 'append']);
    const times = publications.flatMap(({ data }) => (data as { t: number[] }).t);
    expect(times).toEqual(Array.from({ length: 13 }, (_, index) => START - 4_500 + index * 500));
  });

  it('is the same whenever it is looked at: what was live is what is back-filled later', async () => {
    const live = (await runFor(config, 3_000)).publications.slice(1).map(({ data }) => (data as JsonObject)['flow']);
    const later = (await runFor(config, 0, START + 3_000)).publications[0]?.data as { flow: number[] };
    expect(later.flow.slice(-6)).toEqual(live.flat());
  });

  it('has nulls while it is faulty, and numbers otherwise', () => {
    const field = parseField({ base: 1, faults: { chance: 0.5, durationMs: 1_000 } });
    const values = Array.from({ length: 2_000 }, (_, index) => valueAt(field, 3, START + index * 100, START));
    const nulls = values.filter((value) => value === null).length;
    expect(nulls).toBeGreaterThan(700);
    expect(nulls).toBeLessThan(1_300);
    for (let i = 0; i < values.length; i += 10) expect(new Set(values.slice(i, i + 10)).size).toBe(1);
  });

  it('follows base, trend, season and spikes', () => {
    expect(valueAt(parseField({ base: 5, trend: 2 }), 1, START + 3_600_000, START)).toBe(7);
    const season = parseField({ base: 0, season: { amplitude: 4, periodMs: 1_000 } });
    expect(valueAt(season, 1, START + 250, START)).toBe(4);
    expect(valueAt(parseField({ base: 1, spikes: { chance: 1, size: 9 } }), 1, START, START)).toBe(10);
  });

  function parseField(field: object) {
    const parsed = parseSourceConfig('made', definition, { shape: 'series', fields: { x: field } });
    if (parsed.shape !== 'series' || !parsed.fields['x']) throw new Error('no field');
    return parsed.fields['x'];
  }
});

describe('a made-up value', () => {
  it('wanders within its bounds and says what it is', async () => {
    const sink = await runFor({ shape: 'value', min: 10, max: 12, step: 1.5, unit: '°C', everyMs: 20 }, 4_000);
    const values = sink.publications.map(({ data }) => (data as { value: number }).value);
    expect(values.length).toBeGreaterThan(190);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...values)).toBeLessThanOrEqual(12);
    expect(new Set(values).size).toBeGreaterThan(10);
    expect(sink.publications[0]).toMatchObject({ op: 'replace', topic: 'made', data: { unit: '°C' } });
  });

  it('stays within its bounds though a step is larger than the range', () => {
    const walk = createWalk({ min: 0, max: 1, step: 50, seed: 1 });
    for (let i = 0; i < 1_000; i++) {
      const value = walk();
      expect(value >= 0 && value <= 1).toBe(true);
    }
  });
});

it('made-up rows are one for each name, the same for the same seed', async () => {
  const config = { shape: 'rows', names: ['北', '南'], seed: 4 };
  const { publications } = await runFor(config, 2_000);
  expect(publications).toHaveLength(3);
  expect(publications[0]).toMatchObject({ op: 'replace', data: [{ name: '北' }, { name: '南' }] });
  expect((await runFor(config, 2_000)).publications).toEqual(publications);
  expect((await runFor({ ...config, seed: 5 }, 2_000)).publications).not.toEqual(publications);
});

describe('a configuration', () => {
  it.each([
    [{ shape: 'cloud' }, 'sources.made.shape: must be series, value, rows or shop'],
    [{ shape: 'value', min: 3, max: 3 }, 'sources.made.max: must be above min, which is 3'],
    [{ shape: 'rows', names: ['a', 'a'] }, 'sources.made.names: must not name a row twice'],
    [{ shape: 'series', fields: {} }, 'sources.made.fields: must be 1 to 64 fields'],
    [{ shape: 'series', fields: { t: { base: 1 } } }, 'sources.made.fields: must not have a field "t"'],
    [{ shape: 'shop', everyMs: 10 }, 'sources.made.everyMs'],
    [{ shape: 'shop', topic: 'a' }, 'sources.made.topic is not a setting'],
  ])('%j is refused by field', (config, sentence) => {
    expect(() => parseSourceConfig('made', definition, config)).toThrow(sentence);
  });
});
