import type { Pace } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { intervalOf, type Polling } from '@tidewall/request';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkPolling, poll, pollingFields, type Question } from './polling.ts';
import { RecordingSink } from './recording-sink.ts';

const polling: Polling = { intervalMs: 10_000, minIntervalMs: 1_000, maxIntervalMs: 60_000, timeoutMs: 5_000 };

describe('the interval', () => {
  test.each<[string, number | undefined, boolean, number]>([
    ['nobody says anything', undefined, true, 10_000],
    ['one wants it faster', 2_000, true, 2_000],
    ['one wants it faster than the bound', 5, true, 1_000],
    ['one wants it slower, others leave it', 30_000, true, 10_000],
    ['all want it slower', 30_000, false, 30_000],
    ['all want it slower than the bound', 600_000, false, 60_000],
    ['nobody watches', undefined, false, 10_000],
  ])('is the fastest that a viewer wants within the bounds: %s', (_what, fastestMs, unpaced, ms) => {
    expect(intervalOf(polling, { fastestMs, unpaced })).toBe(ms);
  });

  test.each<[object, string]>([
    [{ intervalMs: 500 }, 'intervalMs must be at least minIntervalMs, 1000'],
    [{ minIntervalMs: 5000, maxIntervalMs: 4000 }, 'minIntervalMs must be at most maxIntervalMs, 4000'],
    [{ intervalMs: 5000, maxIntervalMs: 4000 }, 'intervalMs must be at most maxIntervalMs, 4000'],
  ])('has bounds in order: %j', (settings, complaint) => {
    const schema = z.strictObject(pollingFields).superRefine(checkPolling);
    const issues = schema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    expect(issues).toEqual([complaint]);
  });
});

describe('polling', () => {
  let clock: FakeClock;
  let abort: AbortController;
  let asked: number[];
  let expected: number[];
  let pace: { fastestMs: number | undefined; unpaced: boolean; listeners: Set<() => void> };
  let running: Promise<void> | undefined;
  let sink: RecordingSink;

  beforeEach(() => {
    clock = new FakeClock(1_000_000);
    abort = new AbortController();
    asked = [];
    sink = new RecordingSink();
    expected = [];
    pace = { fastestMs: undefined, unpaced: true, listeners: new Set() };
    running = undefined;
  });

  afterEach(async () => {
    abort.abort();
    await clock.advance(10_000);
    await running?.catch(() => {});
    expect(clock.pending).toBe(0);
    expect(pace.listeners.size).toBe(0);
  });

  function start(ask: Question = async () => {}): Promise<void> {
    const context = {
      clock,
      pace: {
        get fastestMs() {
          return pace.fastestMs;
        },
        get unpaced() {
          return pace.unpaced;
        },
        isWatched: () => true,
        onChange(changed) {
          pace.listeners.add(changed);
          return () => pace.listeners.delete(changed);
        },
      } satisfies Pace,
    };
    Object.assign(sink, { expect: (ms: number) => void expected.push(ms) });
    const begun = clock.monotonic();
    running = poll({ place: 'db:5432', polling, context, sink, signal: abort.signal }, (signal, unhurried) => {
      asked.push(clock.monotonic() - begun);
      return ask(signal, unhurried);
    });
    running.catch(() => {});
    return running;
  }

  function want(fastestMs: number | undefined, unpaced = true): Promise<void> {
    Object.assign(pace, { fastestMs, unpaced });
    for (const changed of [...pace.listeners]) changed();
    return clock.advance(0);
  }

  test('asks at once, and then at the interval', async () => {
    start();
    await clock.advance(25_000);
    expect(asked).toEqual([0, 10_000, 20_000]);
    expect(expected).toEqual([10_000, 10_000, 10_000]);
  });

  test('asks sooner when somebody comes who wants it faster, and slower again when he leaves', async () => {
    start();
    await clock.advance(3_000);
    await want(2_000);
    await clock.advance(2_000);
    expect(asked).toEqual([0, 3_000, 5_000]);
    await want(undefined);
    await clock.advance(10_000);
    expect(asked).toEqual([0, 3_000, 5_000, 15_000]);
    expect(expected).toEqual([10_000, 2_000, 2_000, 2_000, 10_000, 10_000]);
  });

  test('never asks again before it has an answer, and leaves the far end the least interval after a long one', async () => {
    let answer = () => {};
    await want(1_000);
    start(() => new Promise((resolve) => (answer = resolve)));
    await clock.advance(4_000);
    expect(asked).toEqual([0]);
    answer();
    await clock.advance(999);
    expect(asked).toEqual([0]);
    await clock.advance(1);
    expect(asked).toEqual([0, 5_000]);
  });

  test('fails naming the far end, the time and the cure when there is no answer, once the question has ended', async () => {
    let ended = false;
    const run = start(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            ended = true;
            reject(new Error('aborted'));
          });
        }),
    );
    await clock.advance(5_000);
    await expect(run).rejects.toThrow('db:5432 did not answer within 5000 ms: ask it for less, or raise timeoutMs');
    expect(ended).toBe(true);
  });

  test('leaves no timer behind when the abort ends a question', async () => {
    const run = start((signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())));
    await clock.advance(100);
    abort.abort();
    await run;
    expect(clock.pending).toBe(0);
  });

  test('takes nobody for late while the hub takes what came, and counts on after that', async () => {
    const topic = 't' as TopicName;
    sink.hold();
    const run = start(async (signal, unhurried) => {
      await unhurried.result(topic, 1);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    let over = false;
    run.catch(() => (over = true));
    await clock.advance(60_000);
    expect(over).toBe(false);
    sink.release();
    await clock.advance(4_999);
    expect(over).toBe(false);
    await clock.advance(1);
    await expect(run).rejects.toThrow('within 5000 ms');
  });

  test('does not wait for ever for a question that does not end', async () => {
    const run = start(() => new Promise(() => {}));
    await clock.advance(10_000);
    await expect(run).rejects.toThrow('within 5000 ms');
  });

  test('hands on what a question throws', async () => {
    await expect(start(() => Promise.reject(new Error('no such table')))).rejects.toThrow('no such table');
  });

  test('ends with the abort, whether it waits or asks', async () => {
    const run = start();
    await clock.advance(100);
    abort.abort();
    await run;
    abort = new AbortController();
    const asking = start(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    abort.abort();
    await asking;
    expect(asked).toHaveLength(2);
  });
});
