import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allowances } from './allowances.ts';

const SEED = 'a secret';
/** What rounding of times may add. */
const ROUNDING = 1e-6;

const rate = fc.record({
  perSecond: fc.integer({ min: 1, max: 1000 }),
  burst: fc.integer({ min: 1, max: 50 }),
  mostSubjects: fc.constantFrom(1, 2, 3, 1000),
});
/** Who comes, after how long, for how much. */
const calls = fc.array(
  fc.record({
    subject: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    afterMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 50, noNaN: true }), fc.constant(2000)),
    cost: fc.integer({ min: 1, max: 8 }),
  }),
  { maxLength: 200 },
);

interface Taken {
  readonly at: number;
  readonly cost: number;
}

test('over any time nobody takes more than the burst and the rate for its length, whoever is remembered', () => {
  fc.assert(
    fc.property(rate, calls, (options, asked) => {
      const allowances = new Allowances({ ...options, seed: SEED });
      const taken = new Map<string, Taken[]>();
      let now = 1000;
      for (const { subject, afterMs, cost: wanted } of asked) {
        now += afterMs;
        const cost = Math.min(wanted, options.burst);
        if (allowances.waitMs(subject, cost, now) > 0) continue;
        allowances.take(subject, cost, now);
        taken.set(subject, [...(taken.get(subject) ?? []), { at: now, cost }]);
      }
      for (const each of taken.values()) {
        for (const [first, { at: from }] of each.entries()) {
          let sum = 0;
          for (const { at, cost } of each.slice(first)) {
            sum += cost;
            expect(sum).toBeLessThanOrEqual(options.burst + ((at - from) / 1000) * options.perSecond + ROUNDING);
          }
        }
      }
    }),
  );
});

test('who takes no more than the rate, or comes when it was told to, is not refused, whatever others do', () => {
  fc.assert(
    fc.property(rate, calls, fc.nat(), (options, asked, turn) => {
      const { perSecond, burst } = options;
      const allowances = new Allowances({ ...options, seed: SEED });
      let now = 1000;
      for (let i = 0; i < 200; i++) {
        // Others take as much as they are let, and are put off.
        const { subject, cost } = asked[(i + turn) % Math.max(1, asked.length)] ?? { subject: 'b', cost: 1 };
        if (allowances.waitMs(subject, cost, now) === 0) allowances.take(subject, cost, now);
        expect(allowances.waitMs('calm', 1, now)).toBeLessThanOrEqual(ROUNDING);
        allowances.take('calm', 1, now);
        now += 1000 / perSecond;
      }
      for (let i = 0; i < 2 * burst + 2; i++) {
        const waitMs = allowances.waitMs('hasty', 1, now);
        now += waitMs;
        expect(allowances.waitMs('hasty', 1, now)).toBeLessThanOrEqual(ROUNDING);
        allowances.take('hasty', 1, now);
      }
    }),
  );
});

test('a refusal takes nothing: who waits for as long as it was told is let in', () => {
  const allowances = new Allowances({ perSecond: 2, burst: 3, mostSubjects: 10, seed: SEED });
  for (let i = 0; i < 3; i++) {
    expect(allowances.waitMs('a', 1, 0)).toBe(0);
    allowances.take('a', 1, 0);
  }
  for (let i = 0; i < 1000; i++) expect(allowances.waitMs('a', 1, 0)).toBe(500);
  expect(allowances.waitMs('a', 1, 499)).toBe(1);
  expect(allowances.waitMs('a', 1, 500)).toBe(0);
  expect(allowances.waitMs('b', 1, 0)).toBe(0);
});

test('one thing larger than the burst takes all of it, and is not refused for ever', () => {
  const allowances = new Allowances({ perSecond: 10, burst: 10, mostSubjects: 10, seed: SEED });
  expect(allowances.waitMs('a', 1_000_000, 0)).toBe(0);
  allowances.take('a', 1_000_000, 0);
  expect(allowances.waitMs('a', 1, 0)).toBe(100);
});

test('a hundred thousand addresses take no more memory than is said, let no debtor off and lock nobody out', () => {
  const mostSubjects = 1000;
  const allowances = new Allowances({ perSecond: 1, burst: 10, mostSubjects, seed: SEED });
  const debtors = Array.from({ length: 200 }, (_, i) => `debtor-${i}`);
  for (const debtor of debtors) for (let i = 0; i < 10; i++) allowances.take(debtor, 1, 0);
  let most = 0;
  let refused = 0;
  for (let i = 0; i < 100_000; i++) {
    // A hundred thousand a second: far more than can pay.
    const now = i / 100;
    if (allowances.waitMs(`address-${i}`, 1, now) > 0) refused++;
    else allowances.take(`address-${i}`, 1, now);
    most = Math.max(most, allowances.size);
  }
  for (const debtor of debtors) expect(allowances.waitMs(debtor, 10, 1000)).toBe(9000);
  expect(most).toBe(mostSubjects);
  expect(allowances.crowded).toBe(true);
  expect(refused).toBeGreaterThan(0);
  // Who shares its slots with debtors is owed nothing more than they are: a second later it is let in.
  const newcomers = Array.from({ length: 1000 }, (_, i) => `newcomer-${i}`);
  expect(newcomers.filter((name) => allowances.waitMs(name, 1, 2000) > ROUNDING)).toEqual([]);
});

test('a debtor that was kept in the sketch stays one when there is room for it again', () => {
  const allowances = new Allowances({ perSecond: 1, burst: 5, mostSubjects: 1, seed: SEED });
  allowances.take('first', 1, 0);
  for (let i = 0; i < 5; i++) allowances.take('crowd', 1, 0);
  expect(allowances.waitMs('crowd', 1, 0)).toBe(1000);
  // The first has paid, and makes room.
  allowances.take('crowd', 1, 1000);
  expect(allowances.waitMs('crowd', 1, 1000)).toBe(1000);
  expect(allowances.size).toBe(1);
});

test('who has paid is forgotten', () => {
  const allowances = new Allowances({ perSecond: 1000, burst: 10, mostSubjects: 100_000, seed: SEED });
  for (let i = 0; i < 100_000; i++) allowances.take(`address-${i}`, 1, i / 10);
  expect(allowances.size).toBeLessThan(100);
  expect(allowances.crowded).toBe(false);
});
