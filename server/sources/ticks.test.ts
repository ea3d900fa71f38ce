import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pause } from './pause.ts';
import { ticks, untilNextTick } from './ticks.ts';

async function collect(clock: FakeClock, abort: AbortController, workMs = 0): Promise<number[]> {
  const seen: number[] = [];
  for await (const at of ticks(clock, 1_000, abort.signal)) {
    seen.push(at);
    if (workMs > 0) await pause(clock, workMs, abort.signal);
  }
  return seen;
}

it('ticks are at whole seconds, and work in between moves none of them', async () => {
  const clock = new FakeClock(10_700);
  const abort = new AbortController();
  const seen = collect(clock, abort, 300);
  await clock.advance(4_000);
  abort.abort();
  // 11,000 would have been 300 ms after the start: too soon for a rate.
  expect(await seen).toEqual([12_000, 13_000, 14_000]);
  expect(clock.pending).toBe(0);
});

it('work that takes longer than the period skips ticks and is never run twice at once', async () => {
  const clock = new FakeClock(10_000);
  const abort = new AbortController();
  const seen = collect(clock, abort, 2_300);
  await clock.advance(9_000);
  abort.abort();
  expect(await seen).toEqual([11_000, 14_000, 17_000]);
});

it('a clock that is set moves the ticks to its whole seconds, never closer than half a period', async () => {
  const clock = new FakeClock(10_000);
  const abort = new AbortController();
  const seen = collect(clock, abort);
  await clock.advance(1_000);
  clock.jump(-5_400);
  await clock.advance(3_000);
  abort.abort();
  // The tick that was armed comes a second after the one before; those behind it are on the new clock's seconds.
  expect(await seen).toEqual([11_000, 6_600, 8_000]);
});

it('the next tick is a whole multiple, at least half a period and less than one and a half away', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 100_000 }), fc.nat(), (now, everyMs, sinceTickMs) => {
      const wait = untilNextTick(now, everyMs, sinceTickMs);
      expect((now + wait) % everyMs === 0).toBe(true);
      expect(wait).toBeGreaterThan(0);
      expect(wait + sinceTickMs).toBeGreaterThanOrEqual(everyMs / 2);
      expect(wait).toBeLessThan(everyMs * 1.5);
    }),
  );
});

it('a pause ends at once with the abort and leaves no timer', async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const waiting = pause(clock, 60_000, abort.signal);
  abort.abort();
  await waiting;
  await pause(clock, 60_000, abort.signal);
  expect(clock.pending).toBe(0);
});
