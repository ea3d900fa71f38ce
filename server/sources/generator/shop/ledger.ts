import { setImmediate } from 'node:timers/promises';
import { createRandom, seedOf } from '../random.ts';
import { CATEGORIES, CITIES, PRODUCTS } from './catalogue.ts';
import { DAY_SECONDS, expectedDayCents, type Order, type ShopSecond, shopSecond } from './second.ts';

/** Seconds that are entered before others get their turn: some milliseconds of work. */
const SECONDS_A_TURN = 600;

/** Sums of one day so far, in hundredths of a yuan. */
interface DayTotals {
  revenueCents: number;
  orders: number;
  visitors: number;
  readonly hourCents: Float64Array;
  /** Orders up to the end of each second of the day. */
  readonly ordersBySecond: Uint32Array;
}

export interface ProductTotals {
  readonly category: string;
  sold: number;
  revenueCents: number;
}

/** What the shop did from the start of yesterday until now: every order is entered once, and every sum is of orders. */
export class ShopLedger {
  readonly #seed: number;
  readonly #offsetSeconds: number;
  /** The first second that is not entered yet. */
  #next: number;
  #day: number;
  #today = emptyDay();
  #yesterday = emptyDay();
  #products = emptyProducts();
  #categories = emptySums(CATEGORIES);
  #cities = emptySums(CITIES.map(({ city }) => city));

  /** @param second now, in seconds since 1970: what is before is entered by `catchUp` */
  constructor(seed: number, utcOffsetMinutes: number, second: number) {
    this.#seed = seed;
    this.#offsetSeconds = utcOffsetMinutes * 60;
    this.#day = this.#dayOf(second) - 1;
    this.#next = this.#day * DAY_SECONDS - this.#offsetSeconds;
  }

  /** The first second that is not entered yet, in seconds since 1970. */
  get next(): number {
    return this.#next;
  }

  get today(): Readonly<Pick<DayTotals, 'revenueCents' | 'orders' | 'visitors'>> {
    return this.#today;
  }

  /** Orders that there were yesterday at this time. */
  get ordersYesterday(): number {
    const secondOfDay = this.#next - 1 + this.#offsetSeconds - this.#day * DAY_SECONDS;
    return secondOfDay < 0 ? 0 : (this.#yesterday.ordersBySecond[secondOfDay] ?? 0);
  }

  /** What the day should bring: near what it will, and another one each day. */
  get targetCents(): number {
    const mood = 0.96 + 0.12 * createRandom(seedOf(this.#seed, this.#day))();
    return Math.round((expectedDayCents() * mood) / 1e7) * 1e7;
  }

  get products(): ReadonlyMap<string, Readonly<ProductTotals>> {
    return this.#products;
  }

  get categoryCents(): ReadonlyMap<string, number> {
    return this.#categories;
  }

  get cityCents(): ReadonlyMap<string, number> {
    return this.#cities;
  }

  /** Revenue by hour; null for the hours that are not over, since one that has only begun looks like a fall. */
  hours(): { readonly today: readonly (number | null)[]; readonly yesterday: readonly number[] } {
    const hour = Math.floor((this.#next + this.#offsetSeconds - this.#day * DAY_SECONDS) / 3_600);
    return {
      today: Array.from(this.#today.hourCents, (cents, index) => (index < hour ? cents : null)),
      yesterday: [...this.#yesterday.hourCents],
    };
  }

  /** One second of this shop, entered or not. */
  second(second: number): ShopSecond {
    return shopSecond(this.#seed, second, second + this.#offsetSeconds);
  }

  /** Enters every second before `until`, in turns, so that nobody else waits long; stops early when aborted. */
  async catchUp(until: number, signal: AbortSignal): Promise<void> {
    while (this.#next < until && !signal.aborted) {
      const turnEnd = Math.min(until, this.#next + SECONDS_A_TURN);
      while (this.#next < turnEnd) this.#enter();
      if (this.#next < until) await setImmediate();
    }
  }

  #enter(): void {
    const second = this.#next;
    const day = this.#dayOf(second);
    if (day !== this.#day) this.#turnDay(day);
    const { orders, visitors } = this.second(second);
    const secondOfDay = second + this.#offsetSeconds - day * DAY_SECONDS;
    for (const order of orders) this.#enterOrder(order, Math.floor(secondOfDay / 3_600));
    this.#today.visitors += visitors;
    this.#today.ordersBySecond[secondOfDay] = this.#today.orders;
    this.#next = second + 1;
  }

  #enterOrder({ product, category, city, quantity, amountCents, returned }: Order, hour: number): void {
    this.#today.revenueCents += amountCents;
    if (!returned) this.#today.orders += 1;
    this.#today.hourCents[hour] = (this.#today.hourCents[hour] ?? 0) + amountCents;
    this.#categories.set(category, (this.#categories.get(category) ?? 0) + amountCents);
    this.#cities.set(city, (this.#cities.get(city) ?? 0) + amountCents);
    const totals = this.#products.get(product);
    if (!totals) return;
    totals.sold += returned ? -quantity : quantity;
    totals.revenueCents += amountCents;
  }

  #turnDay(day: number): void {
    this.#day = day;
    this.#yesterday = this.#today;
    this.#today = emptyDay();
    this.#products = emptyProducts();
    this.#categories = emptySums(CATEGORIES);
    this.#cities = emptySums(CITIES.map(({ city }) => city));
  }

  #dayOf(second: number): number {
    return Math.floor((second + this.#offsetSeconds) / DAY_SECONDS);
  }
}

function emptyDay(): DayTotals {
  return {
    revenueCents: 0,
    orders: 0,
    visitors: 0,
    hourCents: new Float64Array(24),
    ordersBySecond: new Uint32Array(DAY_SECONDS),
  };
}

function emptyProducts(): Map<string, ProductTotals> {
  return new Map(PRODUCTS.map(({ product, category }) => [product, { category, sold: 0, revenueCents: 0 }]));
}

function emptySums(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name) => [name, 0]));
}
