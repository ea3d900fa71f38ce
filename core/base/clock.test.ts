import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

test('a timer of the system clock calls once, not before its time', async () => {
  const start = systemClock.monotonic();
  const hold = setTimeout(() => {}, 1000);
  await new Promise<void>((done) => systemClock.after(5, done));
  clearTimeout(hold);
  // Node rounds timers to whole milliseconds, which may be one early by the finer clock.
  expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(4);
});

test('a cancelled timer stays silent, and cancelling again is harmless', async () => {
  let calls = 0;
  const cancel = systemClock.after(1, () => calls++);
  cancel();
  const hold = setTimeout(() => {}, 1000);
  await new Promise<void>((done) => systemClock.after(10, done));
  clearTimeout(hold);
  cancel();
  expect(calls).toBe(0);
});
