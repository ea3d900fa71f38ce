import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClockSync } from './clock-sync.ts';

/** One exchange with a server whose clock is ahead by `aheadMs`. */
async function exchange(clock: FakeClock, sync: ClockSync, aheadMs: number, thereMs: number, backMs: number) {
  const t0 = sync.localNow();
  await clock.advance(thereMs);
  const heard = sync.localNow() + aheadMs;
  await clock.advance(backMs);
  sync.sample(t0, heard, heard);
}

test('[C12] the sample with the least round trip tells the server clock', async () => {
  const clock = new FakeClock();
  const sync = new ClockSync(clock);
  expect(sync.serverNow()).toBe(clock.now());
  await exchange(clock, sync, 5_000, 400, 10);
  await exchange(clock, sync, 5_000, 3, 3);
  await exchange(clock, sync, 5_000, 10, 300);
  expect(sync.serverNow()).toBe(clock.now() + 5_000);
});

test('[C12] the error is at most half the least round trip', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(500), fc.nat(500)), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: -1e9, max: 1e9 }),
      async (trips, aheadMs) => {
        const clock = new FakeClock();
        const sync = new ClockSync(clock);
        for (const [there, back] of trips) await exchange(clock, sync, aheadMs, there, back);
        const least = Math.min(...trips.slice(-8).map(([there, back]) => there + back));
        expect(Math.abs(sync.serverNow() - clock.now() - aheadMs)).toBeLessThanOrEqual(least / 2);
      },
    ),
    { numRuns: 25 },
  );
});

test('[C13] setting the local clock does not move the server clock', async () => {
  const clock = new FakeClock();
  const sync = new ClockSync(clock);
  await exchange(clock, sync, 0, 5, 5);
  const before = sync.serverNow();
  clock.jump(-3_600_000);
  await clock.advance(1_000);
  expect(sync.serverNow()).toBe(before + 1_000);
});

test('[C13] what cannot be is left out', async () => {
  const clock = new FakeClock();
  const sync = new ClockSync(clock);
  await exchange(clock, sync, 100, 5, 5);
  const now = sync.localNow();
  sync.sample(now + 60, now, now);
  sync.sample(Number.NaN, now, now);
  sync.sample(now, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  sync.sample(now - 10, now, now - 5_000);
  sync.sample(now - 120_000, now, now);
  expect(sync.serverNow()).toBe(clock.now() + 100);
});

test('[C13] a sample that contradicts the older ones ends them', async () => {
  const clock = new FakeClock();
  const sync = new ClockSync(clock);
  await exchange(clock, sync, 0, 1, 1);
  // The machine slept: durations have stood still, so the server is an hour ahead, and the next trip is a slow one.
  await exchange(clock, sync, 3_600_000, 20, 20);
  expect(sync.serverNow()).toBe(clock.now() + 3_600_000);
});

test('[C13] a wall clock that jumps against the durations voids the samples, and one that creeps does not', async () => {
  const clock = new FakeClock();
  const sync = new ClockSync(clock);
  await exchange(clock, sync, 0, 1, 1);
  for (let i = 0; i < 10; i++) {
    clock.jump(900);
    expect(sync.jumped()).toBe(false);
  }
  clock.jump(-1_001);
  expect(sync.jumped()).toBe(true);
  expect(sync.jumped()).toBe(false);
  // An older sample with a better round trip would win otherwise.
  await exchange(clock, sync, 40, 30, 30);
  expect(sync.serverNow()).toBe(sync.localNow() + 40);
});

test('[C13] a new link measures anew, and what was known serves until then', async () => {
  const clock = new FakeClock();
  const sync = new ClockSync(clock);
  await exchange(clock, sync, 1_000, 1, 1);
  sync.restart();
  expect(sync.serverNow()).toBe(clock.now() + 1_000);
  await exchange(clock, sync, 1_020, 100, 100);
  expect(sync.serverNow()).toBe(clock.now() + 1_020);
});
