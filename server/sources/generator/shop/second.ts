import { createRandom, poisson, seedOf } from '../random.ts';
import { CITIES, createPicker, meanPriceCents, PRODUCTS } from './catalogue.ts';

export const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;

export interface Order {
  /** ms since 1970. */
  readonly t: number;
  readonly id: string;
  readonly product: string;
  readonly category: string;
  readonly city: string;
  readonly quantity: number;
  /** Below zero when something came back. */
  readonly amountCents: number;
  readonly returned: boolean;
}

/** What happens in the shop in one second. */
export interface ShopSecond {
  /** In the order of their times. */
  readonly orders: readonly Order[];
  readonly visitors: number;
}

/** How busy each hour of the day is: orders a second at its start. Lunch and evening are the peaks. */
const ORDERS_A_SECOND: readonly number[] = [
  1.5, 1.2, 1.05, 1, 1, 1.05, 1.15, 1.4, 1.7, 2, 2.3, 2.4, 2.5, 2.35, 2.1, 2.05, 2.1, 2.15, 2.3, 2.6, 2.9, 3, 2.7, 2.1,
];
const RETURN_CHANCE = 0.01;
/** Visitors to an order, on average. */
const VISITORS_TO_AN_ORDER = 28;
const MEAN_QUANTITY = 1.25;

const productAt = createPicker(PRODUCTS);
const cityAt = createPicker(CITIES);
const quantityAt = createPicker([
  { quantity: 1, weight: 80 },
  { quantity: 2, weight: 15 },
  { quantity: 3, weight: 5 },
]);

/** Orders a second on average at a second of the shop's own day; between the hours it goes over smoothly. */
export function ordersASecond(secondOfDay: number): number {
  const hour = Math.floor(secondOfDay / HOUR_SECONDS);
  const [from = 0, to = 0] = [ORDERS_A_SECOND[hour % 24], ORDERS_A_SECOND[(hour + 1) % 24]];
  return from + (to - from) * (secondOfDay / HOUR_SECONDS - hour);
}

/**
 * One second of the shop. It depends on seed and second alone: whoever asks, and whenever, gets the same orders.
 *
 * @param second seconds since 1970
 * @param localSecond the same on the shop's own clock
 */
export function shopSecond(seed: number, second: number, localSecond: number): ShopSecond {
  const random = createRandom(seedOf(seed, second));
  const mean = ordersASecond(localSecond % DAY_SECONDS);
  const count = poisson(mean, random);
  // Somebody who buys has come.
  const visitors = Math.max(count, poisson(mean * VISITORS_TO_AN_ORDER, random));
  if (count === 0) return { orders: [], visitors };
  const moments = Array.from({ length: count }, () => Math.floor(random() * 1000)).sort((a, b) => a - b);
  const orders = moments.map((ms, index): Order => {
    const { product, category, priceCents } = productAt(random());
    const { city } = cityAt(random());
    const { quantity } = quantityAt(random());
    const returned = random() < RETURN_CHANCE;
    const amountCents = priceCents * quantity * (returned ? -1 : 1);
    const id = `${second}-${index + 1}`;
    return { t: second * 1000 + ms, id, product, category, city, quantity, amountCents, returned };
  });
  return { orders, visitors };
}

/** What a day brings on average, in hundredths of a yuan. */
export function expectedDayCents(): number {
  const orders = ORDERS_A_SECOND.reduce((sum, each) => sum + each * HOUR_SECONDS, 0);
  return orders * MEAN_QUANTITY * meanPriceCents() * (1 - 2 * RETURN_CHANCE);
}
