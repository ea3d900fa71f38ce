import { FakeClock } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';
import { WritePace } from './write-pace.ts';

/** Entries come evenly, and each write takes those that are there; says which of the writes began at once. */
async function write(pace: WritePace, clock: FakeClock, perMs: number, times: number) {
  const atOnce: boolean[] = [];
  let takenMs = clock.monotonic();
  for (let i = 0; i < times; i++) {
    await clock.advance(1 / perMs);
    const waiting = pace.next();
    atOnce.push(waiting === undefined);
    const before = clock.monotonic();
    let began = waiting === undefined;
    void waiting?.then(() => {
      began = true;
    });
    while (!began) await clock.advance(0.25);
    const now = clock.monotonic();
    expect(now - before).toBeLessThanOrEqual(2);
    pace.wrote(Math.round((now - takenMs) * perMs));
    takenMs = now;
  }
  return atOnce;
}

describe('the next write', () => {
  test('begins at once for who publishes one at a time, however fast', async () => {
    const clock = new FakeClock();
    expect(await write(new WritePace(clock), clock, 5, 100)).not.toContain(false);
  });

  test('gathers what comes within two milliseconds, once that is much', async () => {
    const clock = new FakeClock();
    const atOnce = await write(new WritePace(clock), clock, 20, 100);
    expect(atOnce[0]).toBe(true);
    expect(atOnce.slice(50)).not.toContain(true);
  });

  test('begins at once again after quiet', async () => {
    const clock = new FakeClock();
    const pace = new WritePace(clock);
    expect(pace.next()).toBeUndefined();
    pace.wrote(1000);
    await clock.advance(2);
    expect(pace.next()).toBeDefined();
    await clock.advance(10);
    expect(pace.next()).toBeUndefined();
  });
});
