import { describe, expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  test('timers run in the order they are due, each at its own time', async () => {
    const clock = new FakeClock(1000);
    const seen: [string, number][] = [];
    clock.after(30, () => seen.push(['late', clock.now()]));
    clock.after(10, () => seen.push(['early', clock.now()]));
    clock.after(10, () => seen.push(['early, second', clock.now()]));
    await clock.advance(29);
    expect(seen).toEqual([
      ['early', 1010],
      ['early, second', 1010],
    ]);
    await clock.advance(1);
    expect(seen.at(-1)).toEqual(['late', 1030]);
  });

  test('a timer made by a timer or by a promise it settles runs in the same advance when it is due', async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    clock.after(10, () => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => clock.after(5, () => seen.push(clock.monotonic())));
    });
    await clock.advance(20);
    expect(seen).toEqual([15]);
    expect(clock.monotonic()).toBe(20);
  });

  test('a cancelled timer does not run and does not count', async () => {
    const clock = new FakeClock();
    const cancel = clock.after(1, () => expect.unreachable());
    expect(clock.pending).toBe(1);
    cancel();
    cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(10);
  });

  test('setting the wall does not move durations', async () => {
    const clock = new FakeClock(0);
    clock.jump(-5000);
    await clock.advance(10);
    expect(clock.now()).toBe(-4990);
    expect(clock.monotonic()).toBe(10);
  });

  test('a timer that re-arms itself for ever is an error, not a hanging test', async () => {
    const clock = new FakeClock();
    const rearm = () => void clock.after(0, rearm);
    rearm();
    await expect(clock.advance(1)).rejects.toThrow(RangeError);
  });
});
