import type { JsonObject } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import { DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './definition.ts';
import { valueAt } from './field-value.ts';
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

  it('is stuck at what it was where that is the fault', () => {
    const field = parseField({ base: 1, noise: 1, faults: { chance: 0.5, durationMs: 1_000, as: 'stuck' } });
    const stretches = Array.from(
      { length: 400 },
      (_, stretch) =>
        new Set(Array.from({ length: 10 }, (_, i) => valueAt(field, 3, START + stretch * 1_000 + i * 100, START))),
    );
    const stuck = stretches.filter(({ size }) => size === 1).length;
    expect(stuck).toBeGreaterThan(140);
    expect(stuck).toBeLessThan(260);
    expect(stretches.some((values) => values.has(null))).toBe(false);
  });

  it('has no points in its gaps, and each late one once, later', async () => {
    const faulty = {
      ...config,
      gaps: { chance: 0.3, durationMs: 3_000 },
      late: { chance: 0.3, byMs: 1_200 },
      backfill: 0,
    };
    const { publications } = await runFor(faulty, 120_000);
    const arrivals = publications.slice(1).map(({ data, at = 0 }) => ({ times: (data as { t: number[] }).t, at }));
    const times = arrivals.flatMap((each) => each.times);
    expect(new Set(times).size).toBe(times.length);
    expect(times.length).toBeGreaterThan(100);
    expect(times.length).toBeLessThan(220);
    const lateness = new Set(arrivals.flatMap(({ times: of, at }) => of.map((t) => Math.round((at - t) / 500))));
    expect([...lateness].sort()).toEqual([0, 3]);
    const later = (await runFor({ ...faulty, backfill: 200 }, 0, START + 120_000)).publications[0]?.data as {
      t: number[];
    };
    const before = times.filter((t) => t > START + 20_000).sort((a, b) => a - b);
    expect(later.t.filter((t) => t > START + 20_000)).toEqual(before);
  });

  it('has a trend from the time that the configuration names', async () => {
    const trending = {
      shape: 'series',
      fields: { x: { base: 0, trend: 1 } },
      since: '2023-11-14T22:13:20+00:00',
      backfill: 1,
    };
    const { publications } = await runFor(trending, 0, START + 7_200_000);
    expect(publications[0]?.data).toEqual({ t: [START + 7_200_000], x: [2] });
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

describe('a made-up state', () => {
  const config = { shape: 'state', fields: { flow: { base: 10, noise: 1 }, temp: { base: 20, noise: 2 } } };

  it('is several numbers at once, the same whenever it is looked at', async () => {
    const { publications } = await runFor(config, 3_000);
    expect(publications).toHaveLength(4);
    expect(publications[0]).toMatchObject({
      op: 'replace',
      data: { flow: expect.any(Number), temp: expect.any(Number) },
    });
    const later = await runFor(config, 0, START + 3_000);
    expect(later.publications[0]?.data).toEqual(publications[3]?.data);
  });

  it('says nothing in its gaps', async () => {
    const { publications } = await runFor({ ...config, gaps: { chance: 0.5, durationMs: 2_000 } }, 60_000);
    expect(publications.length).toBeGreaterThan(15);
    expect(publications.length).toBeLessThan(45);
  });
});

describe('a made-up table', () => {
  const config = {
    shape: 'table',
    names: ['a', 'b', 'c', 'd'],
    keyField: 'pump',
    fields: { bar: { base: 5, noise: 1 } },
    changes: 0.25,
    seed: 3,
  };

  it('begins with all its rows, and then says those that change', async () => {
    const { publications } = await runFor(config, 40_000);
    expect(publications[0]).toMatchObject({
      op: 'replace',
      data: [{ pump: 'a', bar: expect.any(Number) }, {}, {}, {}],
    });
    const changes = publications.slice(1);
    expect(new Set(changes.map(({ op }) => op))).toEqual(new Set(['upsert']));
    const rows = changes.flatMap(({ data }) => data as JsonObject[]);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.length).toBeLessThan(70);
  });

  it('is the same for whoever comes later', async () => {
    const rows = new Map<unknown, JsonObject>();
    for (const { data } of (await runFor(config, 40_000)).publications) {
      for (const row of data as JsonObject[]) rows.set(row['pump'], row);
    }
    const later = (await runFor(config, 0, START + 40_000)).publications[0]?.data;
    expect(later).toEqual([...rows.values()]);
  });
});

describe('a made-up log', () => {
  const config = {
    shape: 'log',
    perMinute: 600,
    messages: ['seldom', { text: 'often', level: 'warn', weight: 9 }],
    fields: { ms: { base: 20, noise: 5, decimals: 0 } },
    backfill: 5,
  };
  const entries = (sink: RecordingSink) => sink.publications.map(({ data }) => data as { t: number; text: string });

  it('begins with the newest entries, and goes on at its rate', async () => {
    const sink = await runFor(config, 60_000);
    const all = entries(sink);
    expect(all.length).toBeGreaterThan(500);
    expect(all.length).toBeLessThan(710);
    expect(all[0]).toEqual({ t: expect.any(Number), level: 'warn', text: 'often', ms: expect.any(Number) });
    expect(all.slice(0, 5).every(({ t }) => t <= START)).toBe(true);
    expect(all.slice(5).every(({ t }) => t > START)).toBe(true);
    expect(all.map(({ t }) => t)).toEqual(all.map(({ t }) => t).sort((a, b) => a - b));
    const seldom = all.filter(({ text }) => text === 'seldom').length;
    expect(seldom).toBeGreaterThan(30);
    expect(seldom).toBeLessThan(100);
    expect(sink.publications.map(({ at }) => at)).toEqual(all.map(({ t }) => t));
  });

  it('is the same for whoever comes later', async () => {
    const all = entries(await runFor(config, 20_000));
    const later = entries(await runFor({ ...config, backfill: 100 }, 0, START + 20_000));
    expect(later).toEqual(all.slice(-100));
  });

  it('has gaps, late entries, and a rate that may rise and fall', async () => {
    const late = entries(await runFor({ ...config, late: { chance: 0.2, byMs: 5_000 }, backfill: 0 }, 30_000));
    const order = late.map(({ t }) => t);
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect(new Set(late.map((entry) => JSON.stringify(entry))).size).toBeGreaterThan(late.length * 0.95);
    const gapped = entries(await runFor({ ...config, gaps: { chance: 0.5, durationMs: 5_000 }, backfill: 0 }, 60_000));
    expect(gapped.length).toBeLessThan(500);
    const silent = await runFor(
      { ...config, perMinute: { base: 600, trend: -1_000_000 }, since: START, backfill: 0 },
      60_000,
    );
    expect(entries(silent).length).toBeLessThan(100);
  });

  it('says something when nothing is said of it', async () => {
    expect(entries(await runFor({ shape: 'log' }, 0))).toHaveLength(20);
  });
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

it.each([
  {
    shape: 'series',
    fields: { x: { base: 1, noise: 1, faults: { chance: 0.2, durationMs: 500 } } },
    late: { chance: 0.2, byMs: 900 },
  },
  {
    shape: 'state',
    fields: { x: { base: 1, noise: 1, spikes: { chance: 0.2, size: 9 } } },
    gaps: { chance: 0.2, durationMs: 900 },
  },
  { shape: 'table', names: ['a', 'b'], fields: { x: { base: 1, noise: 1 } }, changes: 0.5 },
  { shape: 'log', perMinute: { base: 300, spikes: { chance: 0.1, size: 3_000 } } },
  { shape: 'value' },
  { shape: 'rows', names: ['a', 'b'] },
])('the same seed makes the same data, and another one makes others: $shape', async (config) => {
  const first = (await runFor({ ...config, seed: 8 }, 5_000)).publications;
  expect((await runFor({ ...config, seed: 8 }, 5_000)).publications).toEqual(first);
  expect((await runFor({ ...config, seed: 9 }, 5_000)).publications).not.toEqual(first);
});

describe('a configuration', () => {
  it('that was checked stays as it is', () => {
    const config = { shape: 'log', perMinute: 3, messages: ['x'], since: '2026-03-01' };
    const checked = parseSourceConfig('made', definition, config);
    expect(parseSourceConfig('made', definition, checked)).toEqual(checked);
  });

  it.each([
    [{ shape: 'cloud' }, 'sources.made.shape: must be series, state, table, log, value, rows or shop'],
    [{ shape: 'value', min: 3, max: 3 }, 'sources.made.max: must be above min, which is 3'],
    [{ shape: 'rows', names: ['a', 'a'] }, 'sources.made.names: must not name a row twice'],
    [{ shape: 'series', fields: {} }, 'sources.made.fields: must be at least one field'],
    [{ shape: 'series', fields: { t: { base: 1 } } }, 'sources.made.fields: must not have a field "t"'],
    [{ shape: 'log', fields: { text: { base: 1 } } }, 'sources.made.fields: must not have t, text or level'],
    [{ shape: 'log', messages: [] }, 'sources.made.messages'],
    [{ shape: 'state', fields: { x: { base: 1 } }, since: 'noon' }, 'sources.made.since'],
    [
      { shape: 'table', names: ['a'], fields: { name: { base: 1 } } },
      'sources.made.fields: must not have a field "name", which is the name of the row (keyField)',
    ],
    [{ shape: 'shop', everyMs: 10 }, 'sources.made.everyMs'],
    [{ shape: 'shop', topic: 'a' }, 'sources.made.topic is not a setting'],
  ])('%j is refused by field', (config, sentence) => {
    expect(() => parseSourceConfig('made', definition, config)).toThrow(sentence);
  });
});
