import type { JsonObject } from '@tidewall/base';
import type { ShopLedger } from './ledger.ts';
import type { Order } from './second.ts';

/** From here on an order is worth a second look. */
const LARGE_ORDER_CENTS = 200_000;

/** An order as the feed shows it: `level` is `warn` for a large one and `alert` for one that came back. */
export function orderEntry(order: Order): JsonObject {
  const { t, id, product, category, city, quantity, amountCents, returned } = order;
  const large = amountCents >= LARGE_ORDER_CENTS;
  const what = returned ? '退货 ' : large ? '大额订单 ' : '';
  const text = `${what}${city} · ${product} ×${quantity} · ¥${yuan(Math.abs(amountCents)).toFixed(2)}`;
  const level = returned ? 'alert' : large ? 'warn' : 'info';
  return { t, id, product, category, city, amount: yuan(amountCents), level, text };
}

/** Revenue and orders of each second from `from` and before `until`, as columns. */
export function revenueColumns(ledger: ShopLedger, from: number, until: number): JsonObject {
  const [t, revenue, orders]: number[][] = [[], [], []];
  for (let second = from; second < until; second++) {
    const sold = ledger.second(second).orders;
    t?.push(second * 1000);
    revenue?.push(yuan(sold.reduce((sum, { amountCents }) => sum + amountCents, 0)));
    orders?.push(sold.filter(({ returned }) => !returned).length);
  }
  return { t: t ?? [], revenue: revenue ?? [], orders: orders ?? [] };
}

/** The day so far. */
export function todayOf(ledger: ShopLedger): JsonObject {
  const { revenueCents, orders, visitors } = ledger.today;
  return {
    revenue: yuan(revenueCents),
    orders,
    visitors,
    conversionPercent: visitors === 0 ? null : Math.round((orders * 10_000) / visitors) / 100,
    averageOrder: orders === 0 ? null : Math.round(revenueCents / orders) / 100,
    revenueTarget: yuan(ledger.targetCents),
    ordersCompare: ledger.ordersYesterday,
  };
}

/** Revenue by hour of today and of yesterday, in yuan. */
export function hourRows(ledger: ShopLedger): JsonObject[] {
  const { today, yesterday } = ledger.hours();
  const row = (s: string) => (cents: number | null, hour: number) => ({
    x: String(hour).padStart(2, '0'),
    y: cents === null ? null : Math.round(cents / 100),
    s,
  });
  return [...yesterday.map(row('yesterday')), ...today.map(row('today'))];
}

/** Revenue by category, in the order of the catalogue, so that a ring keeps its colours. */
export function categoryRows(ledger: ShopLedger): JsonObject[] {
  return [...ledger.categoryCents].map(([name, cents]) => ({ name, value: yuan(cents) }));
}

/** Revenue by city, the largest first. */
export function cityRows(ledger: ShopLedger): JsonObject[] {
  return [...ledger.cityCents].sort((a, b) => b[1] - a[1]).map(([name, cents]) => ({ name, value: yuan(cents) }));
}

/** What was sold of each product today. */
export function productRows(ledger: ShopLedger): JsonObject[] {
  return [...ledger.products].map(([product, { category, sold, revenueCents }]) => ({
    product,
    category,
    sold,
    revenue: yuan(revenueCents),
  }));
}

function yuan(cents: number): number {
  return cents / 100;
}
