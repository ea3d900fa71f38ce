import type { JsonValue } from '@tidewall/base';
import type { Sink, Source, SourceContext, SourceTopic } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { PublishedTable } from '../../published-table.ts';
import { ticks } from '../../ticks.ts';
import type { ShopConfig } from '../config.ts';
import { ShopLedger } from './ledger.ts';
import { categoryRows, cityRows, hourRows, orderEntry, productRows, revenueColumns, todayOf } from './publications.ts';
import { shopSecond } from './second.ts';

/** The chart of revenue is full at once. */
const REVENUE_BACKFILL_SECONDS = 600;
/** The feed starts with the orders of this long. */
const ORDERS_BACKFILL_MS = 15_000;
/** The wall's clock may be set back by this much before the books are written anew. */
const SET_BACK_SECONDS = 60;

const SHOP_TOPICS = {
  orders: { kind: 'log' },
  revenue: { kind: 'series', expectEveryMs: 1_000 },
  today: { kind: 'state', expectEveryMs: 1_000 },
  categories: { kind: 'state', expectEveryMs: 1_000 },
  hours: { kind: 'state', expectEveryMs: 1_000 },
  products: { kind: 'table', keyField: 'product', expectEveryMs: 1_000 },
  cities: { kind: 'state', expectEveryMs: 1_000 },
} as const satisfies Record<string, Omit<SourceTopic, 'topic'>>;

/** A shop that never closes: orders one by one as they come, and the sums over them once a second. */
export class ShopSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: ShopConfig;
  readonly #context: SourceContext;
  #ledger: ShopLedger | undefined;
  /** Orders up to this time were published. */
  #ordersUntilMs = 0;

  constructor(config: ShopConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    const names = Object.keys(SHOP_TOPICS) as (keyof typeof SHOP_TOPICS)[];
    this.topics = names.map((name) => ({ topic: this.#topic(name), ...SHOP_TOPICS[name] }));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#context;
    const products = new PublishedTable({
      topic: this.#topic('products'),
      keyField: SHOP_TOPICS.products.keyField,
      pieceBytes: limits.publicationBytes,
      clock,
    });
    let revenueFrom: number | undefined;
    const publishAt = async (now: number) => {
      await this.#publishOrders(now, sink, signal);
      const second = Math.floor(now / 1000);
      if (second === revenueFrom || signal.aborted) return;
      const ledger = await this.#ledgerUntil(second, signal);
      if (signal.aborted) return;
      await this.#publishRevenue(ledger, revenueFrom, second, sink);
      revenueFrom = second;
      await this.#publishSums(ledger, now, sink, signal);
      if (signal.aborted) return;
      await products.update(sink, productRows(ledger), signal);
      if (!signal.aborted) sink.healthy();
    };

    await publishAt(clock.now());
    for await (const now of ticks(clock, this.#config.everyMs, signal)) await publishAt(now);
  }

  /** The books with every second before this one entered, and none after. */
  async #ledgerUntil(second: number, signal: AbortSignal): Promise<ShopLedger> {
    const { seed, utcOffsetMinutes } = this.#config;
    // Books that end long before now have nothing of yesterday to compare with.
    const usable =
      this.#ledger && this.#ledger.next <= second + SET_BACK_SECONDS && this.#ledger.next > second - 86_400;
    const ledger = usable && this.#ledger ? this.#ledger : new ShopLedger(seed, utcOffsetMinutes, second);
    this.#ledger = ledger;
    await ledger.catchUp(second, signal);
    return ledger;
  }

  async #publishOrders(now: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const { seed, utcOffsetMinutes } = this.#config;
    // A clock that was set back makes no orders twice, unless it was set back by much.
    if (this.#ordersUntilMs > now + SET_BACK_SECONDS * 1000) this.#ordersUntilMs = now;
    const from = Math.max(this.#ordersUntilMs, now - ORDERS_BACKFILL_MS);
    for (let second = Math.floor(from / 1000); second * 1000 <= now; second++) {
      for (const order of shopSecond(seed, second, second + utcOffsetMinutes * 60).orders) {
        if (order.t <= from || order.t > now) continue;
        if (signal.aborted) return;
        await sink.publish(this.#topic('orders'), 'append', orderEntry(order), order.t);
        this.#ordersUntilMs = order.t;
      }
    }
    this.#ordersUntilMs = Math.max(this.#ordersUntilMs, now);
  }

  async #publishRevenue(ledger: ShopLedger, from: number | undefined, until: number, sink: Sink): Promise<void> {
    const backfillFrom = until - REVENUE_BACKFILL_SECONDS;
    const goesOn = from !== undefined && from >= backfillFrom && from < until;
    const columns = revenueColumns(ledger, goesOn ? from : backfillFrom, until);
    await sink.publish(this.#topic('revenue'), goesOn ? 'append' : 'replace', columns);
  }

  async #publishSums(ledger: ShopLedger, now: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const sums: readonly (readonly [topic: keyof typeof SHOP_TOPICS, data: JsonValue])[] = [
      ['today', todayOf(ledger)],
      ['categories', categoryRows(ledger)],
      ['hours', hourRows(ledger)],
      ['cities', cityRows(ledger)],
    ];
    for (const [name, data] of sums) {
      if (signal.aborted) return;
      await sink.publish(this.#topic(name), 'replace', data, now);
    }
  }

  #topic(name: keyof typeof SHOP_TOPICS): TopicName {
    return parseTopicName(`${this.#context.name}/${name}`);
  }
}
