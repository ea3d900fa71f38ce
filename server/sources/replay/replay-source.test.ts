import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@tidewall/base';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './definition.ts';

const NOW = 1_800_000_000_000;
const THEN = 1_700_000_000_000;

let folder: string;
let clock: FakeClock;
let sink: RecordingSink;
let abort: AbortController;
let running: Promise<void> | undefined;
/** When each publication was made, ms after the start. */
let moments: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewall-replay-'));
  clock = new FakeClock(NOW);
  abort = new AbortController();
  sink = new RecordingSink();
  moments = [];
  const publish = sink.publish.bind(sink);
  sink.publish = async (...args) => {
    moments.push(clock.now() - NOW);
    await publish(...args);
  };
});

afterEach(async () => {
  abort.abort();
  await running?.catch(() => {});
  rmSync(folder, { recursive: true, force: true });
  expect(clock.pending).toBe(0);
});

function record(lines: readonly (JsonValue | string)[]): void {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  // The end of the last line, since what is behind it takes the machine's time and not ours.
  writeFileSync(join(folder, 'r.ndjson'), `${text}\n`);
}

function create(config: JsonObject) {
  const checked = parseSourceConfig('played', definition, { path: 'r.ndjson', ...config });
  return definition.create(checked, testContext({ name: 'played', baseDir: folder, clock }));
}

/** Plays until it has come about, or the run is over. */
async function play(config: JsonObject = {}, cameAbout: () => boolean = () => false): Promise<string | undefined> {
  let outcome: { failure?: string } | undefined;
  running = create(config).run(sink, abort.signal);
  running.then(
    () => (outcome = {}),
    (failure: Error) => (outcome = { failure: failure.message }),
  );
  const deadline = performance.now() + 10_000;
  while (outcome === undefined && !cameAbout() && performance.now() < deadline) {
    await clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(outcome !== undefined || cameAbout()).toBe(true);
  return outcome?.failure;
}

const at = (ms: number, data: JsonValue, more: JsonObject = {}) => ({ at: THEN + ms, data, ...more });
const data = () => sink.publications.map(({ data: each }) => each);
/** To the step in which time passes here. */
const near = (expected: readonly number[]) => expected.map((ms) => expect.closeTo(ms, -1.4));

describe('a recording', () => {
  it('is played at the distances that it was recorded in, now', async () => {
    record([at(0, 1), at(100, 2), at(400, 3)]);
    expect(await play()).toBeUndefined();
    expect(data()).toEqual([1, 2, 3]);
    expect(moments.map((ms) => ms - (moments[0] ?? 0))).toEqual(near([0, 100, 400]));
    expect(sink.publications.map(({ op, at: when }) => [op, when])).toEqual(moments.map((ms) => ['append', NOW + ms]));
  });

  it.each([
    [0.25, [0, 400, 1_600]],
    [4, [0, 25, 100]],
    [16, [0, 6, 25]],
  ])('is played at %d times the speed', async (speed, expected) => {
    record([at(0, 1), at(100, 2), at(400, 3)]);
    await play({ speed });
    expect(moments.map((ms) => ms - (moments[0] ?? 0))).toEqual(near(expected));
  });

  it('has its silences cut, and what is late is played at once', async () => {
    record([at(0, 1), at(3_600_000, 2), at(3_599_000, 3), at(3_600_200, 4)]);
    await play({ maxGapMs: 300 });
    expect(data()).toEqual([1, 2, 3, 4]);
    expect(moments.map((ms) => ms - (moments[0] ?? 0))).toEqual(near([0, 300, 300, 500]));
  });

  it('is played once, or again and again with a silence between', async () => {
    record([at(0, 1), at(100, 2)]);
    await play({ loop: true, loopGapMs: 500 }, () => sink.publications.length >= 5);
    expect(data().slice(0, 5)).toEqual([1, 2, 1, 2, 1]);
    const [a = 0, b = 0, c = 0, d = 0] = moments;
    expect([b - a, d - c]).toEqual(near([100, 100]));
    expect(c - b).toBeGreaterThanOrEqual(500);
  });

  it('has times of ISO 8601 too, and data that are a line by themselves', async () => {
    record(['{"at":"2026-03-01T08:00:00+08:00","data":1}', '{"t":1772323200100,"n":2}', '']);
    await play();
    expect(data()).toEqual([1, { t: expect.any(Number), n: 2 }]);
    expect(moments.map((ms) => ms - (moments[0] ?? 0))).toEqual(near([0, 100]));
  });

  it('has its bad lines refused by their numbers, and the others go on', async () => {
    const long = `{"at":1,"data":"${'x'.repeat(300_000)}"}`;
    record([
      '{"at":1,"data":0}',
      'oops',
      '[1]',
      '{"data":1}',
      '',
      long,
      '{"at":1,"op":"melt","data":1}',
      at(0, 9),
      '{"at":1,"kind":"tree","data":1}',
      '{"at":1,"kind":"state","data":1}',
      '{"at":1,"op":"remove","data":1}',
    ]);
    await play({ maxGapMs: 0 });
    expect(data()).toEqual([0, 9]);
    expect(sink.refusals).toEqual([
      expect.stringMatching(/^line 2 is not JSON \(/),
      'line 3 is no object with a time and data',
      'line 4 has no time: at, or t, in ms since 1970 or as 2026-03-01T08:00:00Z',
      'line 6 has more than 266240 bytes',
      'line 7 has an op that is none of replace, merge, upsert, remove, append, emit',
      'line 9 has a kind that is none of state, table, series, log, signal',
      'line 10 is of a state, and the topic played is a log (topicKind)',
      'line 11 has the op remove, and a log takes append',
    ]);
  });
});

describe('several topics', () => {
  const topics = {
    'plant/flow': { topicKind: 'series' },
    'plant/pumps': { topic: 'pumps', topicKind: 'table' },
    'plant/now': { topicKind: 'state' },
  };
  const line = (ms: number, topic: string, each: JsonValue, op?: string) => at(ms, each, { topic, ...(op && { op }) });

  it('go each to its own, with its operations; others are passed over, and told once', async () => {
    record([
      line(0, 'plant/pumps', [{ id: 1 }], 'replace'),
      line(10, 'plant/pumps', [1], 'remove'),
      line(20, 'other', 1),
      line(20, 'other', 2),
      line(30, 'plant/now', { a: 1 }, 'merge'),
      at(40, 1),
    ]);
    expect(create({ topics }).topics).toEqual([
      { topic: 'plant/flow', kind: 'series' },
      { topic: 'pumps', kind: 'table', keyField: 'id' },
      { topic: 'plant/now', kind: 'state' },
    ]);
    await play({ topics });
    expect(sink.publications.map(({ topic, op, data: each }) => [topic, op, each])).toEqual([
      ['pumps', 'replace', [{ id: 1 }]],
      ['pumps', 'remove', [1]],
      ['plant/now', 'merge', { a: 1 }],
    ]);
    expect(sink.refusals).toEqual([
      'line 3 is of the topic "other", which topics does not name; such lines are passed over',
      'line 6 is of no topic, which topics does not name; such lines are passed over',
    ]);
  });

  it('have the times of their points and entries moved with them', async () => {
    record([
      line(0, 'plant/flow', { t: [THEN - 1_000, THEN], v: [1, 2] }),
      line(100, 'plant/flow', [{ t: THEN + 100, v: 3 }]),
      at(100, { t: THEN + 50, text: 'x' }, { topic: 'log' }),
      at(100, { v: 1 }, { topic: 'log' }),
    ]);
    await play({ topics: { ...topics, log: { topicKind: 'log' } }, speed: 2 });
    const [first = 0, second = 0, third = 0] = moments.map((ms) => NOW + ms);
    expect(data()).toEqual([
      { t: [first - 500, first], v: [1, 2] },
      [{ t: second, v: 3 }],
      { t: third - 25, text: 'x' },
      { v: 1 },
    ]);
  });

  it('keep their times where that is wanted; a series that is played again then begins again', async () => {
    record([line(0, 'plant/flow', { t: THEN, v: 1 }, 'append'), line(10, 'plant/flow', { t: THEN + 10, v: 2 })]);
    await play({ topics, times: 'recorded', loop: true, loopGapMs: 100 }, () => sink.publications.length >= 3);
    expect(sink.publications.slice(0, 3)).toEqual([
      { topic: 'plant/flow', op: 'replace', data: { t: THEN, v: 1 }, at: THEN },
      { topic: 'plant/flow', op: 'append', data: { t: THEN + 10, v: 2 }, at: THEN + 10 },
      { topic: 'plant/flow', op: 'replace', data: { t: THEN, v: 1 }, at: THEN },
    ]);
  });

  it('from a place on: a state has its newest value, a table its rows, and the rest is over', async () => {
    record([
      line(0, 'plant/now', 1),
      line(10, 'plant/pumps', [{ id: 1 }]),
      line(20, 'plant/flow', { t: THEN + 20, v: 1 }),
      line(30, 'plant/now', 2),
      line(40, 'plant/pumps', [{ id: 2 }]),
      line(50_000, 'plant/flow', { t: THEN + 50_000, v: 2 }),
    ]);
    await play({ topics, from: 1_000, times: 'recorded' });
    expect(data()).toEqual([[{ id: 1 }], [{ id: 2 }], 2, { t: THEN + 50_000, v: 2 }]);
    expect(Math.max(...moments) - Math.min(...moments)).toBeLessThan(50);
    sink.publications.length = 0;
    await play({ topics, from: new Date(THEN + 35).toISOString(), times: 'recorded', maxGapMs: 10 });
    expect(data()).toEqual([[{ id: 1 }], 2, [{ id: 2 }], { t: THEN + 50_000, v: 2 }]);
  });
});

describe('the source fails with a sentence', () => {
  it('when there is no file, or it is a folder', async () => {
    expect(await play()).toBe(`there is no file ${join(folder, 'r.ndjson')}`);
    expect(await play({ path: '.' })).toBe(`${folder} is not a file`);
  });

  it('when nothing in it can be played', async () => {
    record(['oops', '']);
    expect(await play({ loop: true })).toBe(`${join(folder, 'r.ndjson')} has no line that can be played`);
    record([at(0, 1)]);
    expect(await play({ from: 10 })).toBe(
      `${join(folder, 'r.ndjson')} has no line that can be played from 2023-11-14T22:13:20.010Z on (from)`,
    );
  });
});

it('a run that is told to stop while it waits stops, and publishes nothing more', async () => {
  record([at(0, 1), at(60_000, 2)]);
  await play({}, () => sink.publications.length === 1);
  abort.abort();
  await running;
  expect(data()).toEqual([1]);
});

it('a last line needs no end', async () => {
  writeFileSync(join(folder, 'r.ndjson'), '{"at":1,"data":1}\r\n{"at":1,"data":2}');
  await play();
  expect(data()).toEqual([1, 2]);
});

it('a line that its topic does not take is refused by its number', async () => {
  const { TidewallError } = await import('@tidewall/protocol');
  record([at(0, 1), at(0, 2)]);
  const publish = sink.publish;
  sink.publish = async (...args) => {
    if (args[2] === 1) throw new TidewallError('shape_mismatch', 'must not be 1');
    await publish(...args);
  };
  await play();
  expect(data()).toEqual([2]);
  expect(sink.refusals).toEqual(['line 1: must not be 1']);
});

describe('a configuration', () => {
  it.each([
    [{ speed: 32 }, 'sources.played.speed'],
    [{ from: 'noon' }, 'sources.played.from: must be a time like 2026-03-01T08:00:00Z, or ms'],
    [{ topicKind: 'table' }, 'sources.played.keyField: must be given when topicKind is table'],
    [{ topics: { a: { topicKind: 'log', topic: 'x y' } } }, 'sources.played.topics.a.topic: topic name "x y"'],
    [
      { topics: { a: { topicKind: 'log', topic: 'c' }, b: { topicKind: 'log', topic: 'c' } } },
      'sources.played.topics.b.topic: must be another topic than that of "a", which is c too',
    ],
  ])('%j is refused by field', (config, sentence) => {
    expect(() => create(config)).toThrow(sentence);
  });
});
