import { DEFAULT_LIMITS } from '@tidewall/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COMMAND_COST, CommandRate, HEARTBEAT_COST } from './command-rate.ts';

const LIMITS = { ...DEFAULT_LIMITS, commandsPerSecond: 50, commandBurst: 100 };

function countUntilFlood(rate: CommandRate, cost: number, now: number): { admitted: number; refused: number } {
  const counts = { admitted: 0, refused: 0 };
  for (;;) {
    const { type } = rate.take(cost, now);
    if (type === 'flooding') return counts;
    counts[type]++;
  }
}

test('[W29] at once a burst is carried out, as many are refused, and the next is a flood', () => {
  expect(countUntilFlood(new CommandRate(LIMITS, 0), COMMAND_COST, 0)).toEqual({ admitted: 100, refused: 100 });
});

test('[W29] heartbeats are cheap, but not for nothing', () => {
  const { admitted, refused } = countUntilFlood(new CommandRate(LIMITS, 0), HEARTBEAT_COST, 0);
  expect(admitted).toBeGreaterThanOrEqual(999);
  expect(admitted).toBeLessThanOrEqual(1000);
  expect(refused).toBe(100);
});

test('[W29] who keeps to the average is never refused', () => {
  const rate = new CommandRate(LIMITS, 0);
  for (let now = 0; now < 60_000; now += 20) expect(rate.take(COMMAND_COST, now).type).toBe('admitted');
});

test('[W29] who waits as long as each refusal says is let in then, all of them', () => {
  const rate = new CommandRate(LIMITS, 0);
  const waits: number[] = [];
  for (let i = 0; i < 190; i++) {
    const verdict = rate.take(COMMAND_COST, 0);
    if (verdict.type === 'refused') waits.push(verdict.afterMs);
  }
  expect(waits.length).toBe(90);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  for (const afterMs of waits) expect(rate.take(COMMAND_COST, afterMs).type).toBe('admitted');
});

test('over any time, no more than burst + average × time is carried out', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { minLength: 1, maxLength: 400 }), (waits) => {
      const rate = new CommandRate(LIMITS, 0);
      let now = 0;
      let admitted = 0;
      for (const wait of waits) {
        now += wait;
        if (rate.take(COMMAND_COST, now).type === 'admitted') admitted++;
      }
      expect(admitted).toBeLessThanOrEqual(100 + (now * 50) / 1000);
    }),
  );
});

test('it is fresh again when a new one would say the same from then on', () => {
  const rate = new CommandRate(LIMITS, 0);
  expect(rate.fresh(0)).toBe(true);
  countUntilFlood(rate, COMMAND_COST, 0);
  expect(rate.fresh(1_999)).toBe(false);
  expect(rate.fresh(2_000)).toBe(true);
  expect(countUntilFlood(rate, COMMAND_COST, 2_000)).toEqual({ admitted: 100, refused: 100 });
});
