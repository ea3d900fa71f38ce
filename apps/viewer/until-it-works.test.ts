import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { untilItWorks } from './until-it-works.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function failing(times: number) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw new Error(`failure ${calls}`);
    return calls;
  };
}

const { signal: never } = new AbortController();

test('it is tried again until it works, and each failure is heard', async () => {
  const heard: string[] = [];
  const result = untilItWorks(failing(3), { signal: never, failed: (failure) => heard.push(String(failure)) });
  await vi.runAllTimersAsync();
  expect(await result).toBe(4);
  expect(heard).toEqual(['Error: failure 1', 'Error: failure 2', 'Error: failure 3']);
});

test('the time between tries grows, and never beyond half a minute', async () => {
  const times: number[] = [];
  const result = untilItWorks(failing(12), { signal: never, failed: () => times.push(Date.now()) });
  await vi.runAllTimersAsync();
  await result;
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
  expect(gaps[0]).toBeLessThanOrEqual(2000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
});

test('a failure may say how long to wait', async () => {
  const start = Date.now();
  const result = untilItWorks(failing(2), { signal: never, failed: () => {}, waitMs: () => 10_000 });
  await vi.runAllTimersAsync();
  await result;
  expect(Date.now() - start).toBe(20_000);
});

test('the signal ends the wait, and no timer outlives it', async () => {
  const over = new AbortController();
  const result = untilItWorks(failing(9), { signal: over.signal, failed: () => {} });
  const ended = expect(result).rejects.toThrow('enough');
  await vi.advanceTimersByTimeAsync(0);
  over.abort(new Error('enough'));
  await ended;
  expect(vi.getTimerCount()).toBe(0);
});
