import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from '@tidewall/base';
import { FakeClock } from '@tidewall/testkit';
import { expect, test } from 'vitest';
import { inTime } from './in-time.ts';

test('who is late is told so once, and may still end', async () => {
  const clock = new FakeClock();
  let [told, end] = [0, () => {}];
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  const over = inTime(clock, 1000, work, () => told++);
  await clock.advance(999);
  expect(told).toBe(0);
  await clock.advance(5000);
  expect(told).toBe(1);
  end();
  await over;
  expect(clock.pending).toBe(0);
});

test('work that was over while the process stood still is not late', async () => {
  let [told, end, fire] = [0, () => {}, () => {}];
  const clock: Clock = {
    ...systemClock,
    after: (_, run) => {
      fire = run;
      return () => {};
    },
  };
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  const over = inTime(clock, 1000, work, () => told++);
  // Both are due when the process goes on: timers come first, and then what the disk has answered meanwhile.
  fire();
  end();
  await over;
  await setImmediate();
  expect(told).toBe(0);
});

test('work that fails is not late, and leaves no timer', async () => {
  const clock = new FakeClock();
  await expect(inTime(clock, 1000, Promise.reject(new Error('no')), () => expect.unreachable())).rejects.toThrow('no');
  expect(clock.pending).toBe(0);
});
