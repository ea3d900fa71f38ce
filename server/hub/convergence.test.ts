import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectTail, points, run, sinceLastReplace, steps } from './convergence.contract.ts';

/* Whatever the grouping of arrivals, stalls, reconnects and flushes, a subscriber ends with what the hub holds. */

const bounds = [fc.integer({ min: 1, max: 12 }), fc.constantFrom(0, 8)] as const;

test('[H7] [H8] [H14] [H15] a state converges under any grouping, stall and reconnect', async () => {
  await fc.assert(
    fc.asyncProperty(steps('state'), ...bounds, async (script, keep, windowMs) => {
      const { subscriber, steady, truth } = await run('state', script, keep, windowMs);
      expect(subscriber.held).toEqual(truth);
      expect(steady.held).toEqual(truth);
    }),
    { numRuns: 400 },
  );
});

test('[H7] [H8] [H14] [H15] a table converges under any grouping, stall and reconnect', async () => {
  await fc.assert(
    fc.asyncProperty(steps('table'), ...bounds, async (script, keep, windowMs) => {
      const { subscriber, steady, truth } = await run('table', script, keep, windowMs);
      expect(subscriber.held ?? []).toEqual(truth ?? []);
      expect(steady.held ?? []).toEqual(truth ?? []);
    }),
    { numRuns: 400 },
  );
});

test('[H7] [H8] [H14] [H15] a series ends with the same points, of those that are kept', async () => {
  await fc.assert(
    fc.asyncProperty(steps('series'), ...bounds, async (script, keep, windowMs) => {
      const { subscriber, steady, truth } = await run('series', script, keep, windowMs);
      const everything = sinceLastReplace(script);
      for (const { held } of [subscriber, steady]) {
        expectTail(everything, points(held));
        expectTail(points(held), points(truth));
      }
    }),
    { numRuns: 400 },
  );
});

test('[H7] [H10] [H16] every entry of a log is delivered once and in order, or told to be gone', async () => {
  await fc.assert(
    fc.asyncProperty(steps('log'), ...bounds, async (script, keep, windowMs) => {
      const { subscriber, steady, published } = await run('log', script, keep, windowMs);
      const all = Array.from({ length: published }, (_, i) => i + 1);
      expect(subscriber.accounted).toEqual(all);
      expect(steady.accounted).toEqual(all);
    }),
    { numRuns: 400 },
  );
});

test('[H17] who follows and reads hears every signal; nobody hears one twice', async () => {
  await fc.assert(
    fc.asyncProperty(steps('signal'), fc.constantFrom(0, 8), async (script, windowMs) => {
      const { subscriber, steady, published } = await run('signal', script, 256, windowMs);
      expect(steady.accounted).toEqual(Array.from({ length: published }, (_, i) => i + 1));
      expect(subscriber.accounted).toEqual([...new Set(subscriber.accounted)].sort((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});
