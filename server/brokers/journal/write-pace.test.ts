import { describe, expect, test } from 'vitest';
import { WritePace } from './write-pace.ts';

describe('the next write', () => {
  test('begins at once for who publishes one at a time, however fast', () => {
    const pace = new WritePace();
    for (let now = 0; now < 20; now += 0.2) {
      expect(pace.waitMs(now)).toBe(0);
      pace.wrote(1, now);
    }
  });

  test('gathers what comes within two milliseconds, once that is much', () => {
    const pace = new WritePace();
    const waits: number[] = [];
    for (let now = 0; now < 10; now += 0.5) {
      waits.push(pace.waitMs(now));
      pace.wrote(5, now);
    }
    expect(waits.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(waits.slice(4, 8)).toEqual([2, 1.5, 1, 0.5]);
  });

  test('begins at once again after quiet', () => {
    const pace = new WritePace();
    pace.wrote(1000, 0);
    expect(pace.waitMs(1)).toBe(0);
    expect(pace.waitMs(2)).toBe(2);
    expect(pace.waitMs(10)).toBe(0);
  });
});
