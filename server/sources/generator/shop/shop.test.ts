import type { JsonObject } from '@tidewall/base';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../../recording-sink.ts';
import { testContext } from '../../source-context.contract.ts';
import { ShopLedger } from './ledger.ts';
import { DAY_SECONDS, expectedDayCents, type Order, ordersASecond, shopSecond } from './second.ts';
import { ShopSource } from './shop-source.ts';

const never = new AbortController().signal;
const OFFSET = 480 * 60;
/** Noon in Beijing. */
const NOON = 1_767_240_000;
const MIDNIGHT = NOON - 12 * 3_600;

function ordersBetween(from: number, until: number): Order[] {
  const orders: Order[] = [];
  for (let second = from; second < until; second++) orders.push(...shopSecond(1, second, second + OFFSET).orders);
  return orders;
}

const sumCents = (orders: readonly Order[]) => orders.reduce((sum, { amountCents }) => sum + amountCents, 0);

describe('a second of the shop', () => {
  it('is the same whoever asks', () => {
    expect(shopSecond(1, NOON, NOON + OFFSET)).toEqual(shopSecond(1, NOON, NOON + OFFSET));
    expect(ordersBetween(NOON, NOON + 100)).not.toEqual(ordersBetween(NOON + 1, NOON + 101));
  });

  it('has one to three orders on average, most in the evening', () => {
    for (let second = 0; second < DAY_SECONDS; second += 600) {
      expect(ordersASecond(second)).toBeGreaterThanOrEqual(1);
      expect(ordersASecond(second)).toBeLessThanOrEqual(3);
    }
    expect(ordersASecond(21 * 3_600)).toBe(3);
    const perSecond = ordersBetween(NOON, NOON + 3_600).length / 3_600;
    expect(perSecond).toBeGreaterThan(2.2);
    expect(perSecond).toBeLessThan(2.7);
  });

  it('has orders within itself, in order, each with an id of its own', () => {
    const orders = ordersBetween(NOON, NOON + 200);
    expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length);
    expect(orders.map(({ t }) => t)).toEqual(orders.map(({ t }) => t).sort((a, b) => a - b));
    for (const { t, id } of orders) expect(Math.floor(t / 1000)).toBe(Number(id.split('-')[0]));
  });
});

describe('the books', () => {
  it('hold every order from the start of the day once, in every sum', async () => {
    const ledger = new ShopLedger(1, 480, NOON);
    await ledger.catchUp(NOON, never);
    const today = ordersBetween(MIDNIGHT, NOON);
    const yesterday = ordersBetween(MIDNIGHT - DAY_SECONDS, NOON - DAY_SECONDS);
    const sums = (values: Iterable<number | null>) => [...values].reduce<number>((sum, value) => sum + (value ?? 0), 0);
    expect(ledger.today.revenueCents).toBe(sumCents(today));
    expect(ledger.today.orders).toBe(today.filter(({ returned }) => !returned).length);
    expect(ledger.ordersYesterday).toBe(yesterday.filter(({ returned }) => !returned).length);
    expect(sums(ledger.categoryCents.values())).toBe(sumCents(today));
    expect(sums(ledger.cityCents.values())).toBe(sumCents(today));
    expect(sums([...ledger.products.values()].map(({ revenueCents }) => revenueCents))).toBe(sumCents(today));
    const hours = ledger.hours();
    expect(sums(hours.today)).toBe(sumCents(today));
    expect(hours.today.map((cents) => cents === null)).toEqual(Array.from({ length: 24 }, (_, hour) => hour >= 12));
    expect(sums(hours.yesterday)).toBe(sumCents(ordersBetween(MIDNIGHT - DAY_SECONDS, MIDNIGHT)));
    expect(ledger.today.visitors).toBeGreaterThan(ledger.today.orders * 10);
  });

  it('turn over at the shop’s own midnight', async () => {
    const ledger = new ShopLedger(1, 480, MIDNIGHT - 10);
    await ledger.catchUp(MIDNIGHT, never);
    const day = ledger.today.revenueCents;
    await ledger.catchUp(MIDNIGHT + 5, never);
    expect(ledger.today.revenueCents).toBe(sumCents(ordersBetween(MIDNIGHT, MIDNIGHT + 5)));
    expect(ledger.hours().yesterday.reduce((sum, cents) => sum + cents, 0)).toBe(day);
    expect(ledger.hours().today.filter((cents) => cents !== null)).toHaveLength(0);
    await ledger.catchUp(MIDNIGHT + 3_600, never);
    expect(ledger.hours().today.filter((cents) => cents !== null)).toEqual([ledger.today.revenueCents]);
  });

  it('bring about what is expected of a day', async () => {
    const ledger = new ShopLedger(1, 480, MIDNIGHT);
    await ledger.catchUp(MIDNIGHT, never);
    const share = ledger.today.revenueCents / expectedDayCents();
    expect(share).toBeGreaterThan(0.97);
    expect(share).toBeLessThan(1.03);
    expect(ledger.targetCents / expectedDayCents()).toBeGreaterThan(0.9);
  });

  it('stop when aborted', async () => {
    const abort = new AbortController();
    const ledger = new ShopLedger(1, 480, NOON);
    const catchingUp = ledger.catchUp(NOON, abort.signal);
    abort.abort();
    await catchingUp;
    expect(ledger.next).toBeLessThan(NOON - DAY_SECONDS);
  });
});

describe('the shop', () => {
  let clock: FakeClock;
  let sink: RecordingSink;
  let abort: AbortController;
  let source: ShopSource;
  let running: Promise<void>;

  beforeEach(async () => {
    clock = new FakeClock(NOON * 1000);
    const config = { shape: 'shop', seed: 1, everyMs: 200, utcOffsetMinutes: 480 } as const;
    source = new ShopSource(config, testContext({ name: 'shop', clock }));
    await start();
  });

  afterEach(async () => {
    abort.abort();
    await running;
    expect(clock.pending).toBe(0);
  });

  async function start(): Promise<void> {
    sink = new RecordingSink();
    abort = new AbortController();
    running = source.run(sink, abort.signal);
    // The books are written in turns of the event loop, not of the clock.
    while (sink.healthyCalls === 0) await clock.advance(0);
  }

  const newest = (topic: string) => sink.of(topic).at(-1)?.data;

  it('shows the day so far and the last ten minutes at once', () => {
    const revenue = newest('shop/revenue') as { t: number[]; revenue: number[]; orders: number[] };
    expect(sink.of('shop/revenue')[0]?.op).toBe('replace');
    expect(revenue.t).toHaveLength(600);
    expect(revenue.t.at(-1)).toBe((NOON - 1) * 1000);
    const orders = ordersBetween(MIDNIGHT, NOON);
    expect(newest('shop/today')).toMatchObject({
      revenue: sumCents(orders) / 100,
      orders: orders.filter(({ returned }) => !returned).length,
    });
    expect(newest('shop/hours')).toHaveLength(48);
    expect(newest('shop/hours')).toContainEqual({ x: '12', y: null, s: 'today' });
    expect(newest('shop/products')).toHaveLength(24);
    const cities = (newest('shop/cities') as { value: number }[]).map(({ value }) => value);
    expect(cities).toEqual([...cities].sort((a, b) => b - a));
  });

  it('tells each order once, when it comes, and its sums never part from them', async () => {
    const before = (newest('shop/today') as { revenue: number }).revenue;
    await clock.advance(20_000);
    const entries = sink.of('shop/orders').map(({ data }) => data as JsonObject);
    const expected = ordersBetween(NOON - 15, NOON + 20).filter(({ t }) => t > (NOON - 15) * 1000);
    expect(entries.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    const since = sumCents(ordersBetween(NOON, NOON + 20)) / 100;
    expect((newest('shop/today') as { revenue: number }).revenue).toBeCloseTo(before + since, 2);
    const appended = sink.of('shop/revenue').slice(1);
    expect(appended.flatMap(({ data }) => (data as { t: number[] }).t)).toEqual(
      Array.from({ length: 20 }, (_, index) => (NOON + index) * 1000),
    );
  });

  it('marks large orders and returned ones', async () => {
    await clock.advance(300_000);
    const entries = sink.of('shop/orders').map(({ data }) => data as { level: string; amount: number; text: string });
    const levels = (level: string) => entries.filter((entry) => entry.level === level);
    expect(levels('alert').length).toBeGreaterThan(0);
    expect(levels('warn').length).toBeGreaterThan(0);
    for (const { amount, text } of levels('alert')) expect([amount < 0, text.startsWith('退货')]).toEqual([true, true]);
    for (const { amount } of levels('warn')) expect(amount).toBeGreaterThanOrEqual(2_000);
    for (const { amount } of levels('info')) expect(amount > 0 && amount < 2_000).toBe(true);
  });

  it('goes on after a pause with what happened meanwhile, and tells no order twice', async () => {
    await clock.advance(5_000);
    const told = new Set(sink.of('shop/orders').map(({ data }) => (data as JsonObject)['id']));
    abort.abort();
    await running;
    await clock.advance(4_000);
    await start();
    for (const { data } of sink.of('shop/orders')) expect(told.has((data as JsonObject)['id'])).toBe(false);
    expect(newest('shop/today')).toMatchObject({ revenue: sumCents(ordersBetween(MIDNIGHT, NOON + 9)) / 100 });
  });

  it('writes its books anew when the clock is set far back', async () => {
    clock.jump(-7_200_000);
    const calls = sink.healthyCalls;
    while (sink.healthyCalls < calls + 2) await clock.advance(100);
    const until = Math.floor(clock.now() / 1000);
    expect(newest('shop/today')).toMatchObject({ revenue: sumCents(ordersBetween(MIDNIGHT, until)) / 100 });
  });
});
