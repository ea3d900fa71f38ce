import type { Counter, Labels } from '@tidewall/contracts';
import { FakeClock } from '@tidewall/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNonceMemory } from './nonce-memory.ts';

const SKEW = 300_000;

function setUp(most?: number) {
  const clock = new FakeClock();
  const refused = new Map<string, number>();
  let remembered = () => 0;
  const counter: Counter = {
    add: (amount: number, labels?: Labels) => {
      const reason = labels?.['reason'] ?? '';
      refused.set(reason, (refused.get(reason) ?? 0) + amount);
    },
  };
  const meter = {
    counter: () => counter,
    gauge: (_name: string, _help: string, read: () => number) => {
      remembered = read;
    },
    gauges() {},
  };
  const memory = createNonceMemory({ clock, meter, ...(most !== undefined && { most }) });
  const take = (nonce: string | number, signedAt = clock.now(), keyId = 'a', skewMs = SKEW) =>
    memory.take({ keyId, nonce: String(nonce), signedAt, skewMs });
  return { clock, refused, remembered: () => remembered(), take };
}

describe('nonces', () => {
  test('a nonce of a key is taken once, and is another one for another key', () => {
    const { take, refused } = setUp();
    expect(take('n')).toBe('fresh');
    expect(take('n')).toBe('repeated');
    expect(take('n', undefined, 'b')).toBe('fresh');
    expect(take('m')).toBe('fresh');
    expect(refused).toEqual(new Map([['repeated', 1]]));
  });

  test.each([
    ['as early as may be', -SKEW, 'fresh'],
    ['as late as may be', SKEW, 'fresh'],
    ['too early', -SKEW - 1, 'skewed'],
    ['too late', SKEW + 1, 'skewed'],
    ['far too late', Number.MAX_SAFE_INTEGER, 'skewed'],
    ['no number', Number.NaN, 'skewed'],
  ])('%s', (_title, offMs, verdict) => {
    const { take, clock } = setUp();
    expect(take('n', clock.now() + offMs)).toBe(verdict);
  });

  test('none is taken twice, whatever time goes by, however its clock was off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -SKEW, max: SKEW }),
        fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 8 }),
        async (offMs, waits) => {
          const { take, clock } = setUp();
          const signedAt = clock.now() + offMs;
          expect(take('n', signedAt)).toBe('fresh');
          for (const [i, wait] of waits.entries()) {
            await clock.advance(wait);
            take(`other ${i}`);
            expect(take('n', signedAt)).not.toBe('fresh');
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('none is taken twice when the clock of the server is set back, or forward', async () => {
    const { take, clock, remembered } = setUp();
    const signedAt = clock.now();
    expect(take('n', signedAt)).toBe('fresh');
    clock.jump(3_600_000);
    expect(take('n', signedAt)).toBe('repeated');
    clock.jump(-3_600_000);
    expect(take('n', signedAt)).toBe('repeated');
    await clock.advance(SKEW + 2000);
    expect(take('another')).toBe('fresh');
    expect(remembered()).toBe(1);
    // It is forgotten by now, and its time is in order again.
    clock.jump(-SKEW);
    expect(take('n', signedAt)).toBe('skewed');
  });

  test('at the limit a new one is refused and no old one forgotten; time makes room', async () => {
    const { take, clock, refused, remembered } = setUp(3);
    const signedAt = clock.now();
    const first = [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
    ] as const;
    for (const [nonce, key] of first) expect(take(nonce, signedAt, key)).toBe('fresh');
    expect(take('4', signedAt, 'b')).toBe('full');
    for (const [nonce, key] of first) expect(take(nonce, signedAt, key)).toBe('repeated');
    expect(refused.get('full')).toBe(1);
    await clock.advance(SKEW + 1);
    expect(take(5)).toBe('fresh');
    expect(remembered()).toBe(1);
  });

  test('one key takes half of it at most, and leaves the rest to others; time makes room', async () => {
    const { take, clock } = setUp(10);
    const signedAt = clock.now();
    const all = Array.from({ length: 7 }, (_, i) => take(i, signedAt, 'a'));
    expect(all).toEqual([...Array(5).fill('fresh'), 'full', 'full']);
    expect(take('b', signedAt, 'b')).toBe('fresh');
    await clock.advance(SKEW + 1);
    expect(Array.from({ length: 6 }, (_, i) => take(i, clock.now(), 'a'))).toEqual([...Array(5).fill('fresh'), 'full']);
  });

  test('a wire that allows less does not shut out one that allows more', async () => {
    const { take, clock } = setUp();
    expect(take('native', clock.now() + 60_000, 'a', 60_000)).toBe('fresh');
    await clock.advance(130_000);
    expect(take('slow clock', clock.now() - 200_000, 'a', SKEW)).toBe('fresh');
  });
});
