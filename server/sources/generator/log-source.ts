import { type JsonObject, setOwn } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { ticks } from '../ticks.ts';
import type { LogConfig } from './config.ts';
import { isInGap, mostTicksLate, ticksLate } from './faults.ts';
import { seedOfField, valueAt } from './field-value.ts';
import { createRandom, poisson, seedOf } from './random.ts';

const MINUTE_MS = 60_000;
const EVENTS = 6;
/** Of one tick; more are not made, whatever the rate. */
const MOST_EVENTS = 1_000;
/** A log that begins is looked for entries in so many ticks. */
const MOST_TICKS_BACK = 10_000;

/** Entries that come by chance, so many a minute on average. Which they are depends on seed and time alone. */
export class LogSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: LogConfig;
  readonly #context: SourceContext;
  readonly #topic: TopicName;
  readonly #originMs: number;

  constructor(config: LogConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#topic = config.topic ?? parseTopicName(context.name);
    this.#originMs = config.since ?? context.clock.now();
    this.topics = [{ topic: this.#topic, kind: 'log' }];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { everyMs } = this.#config;
    const publish = async (entries: readonly JsonObject[]) => {
      for (const entry of entries) {
        if (signal.aborted) return;
        await sink.publish(this.#topic, 'append', entry, entry['t'] as number);
      }
    };
    let next = Math.floor(clock.now() / everyMs) + 1;
    await publish(this.#before(next));
    if (!signal.aborted) sink.healthy();
    for await (const now of ticks(clock, everyMs, signal)) {
      // Nothing is left out when a tick was.
      const tick = Math.round(now / everyMs);
      for (next = Math.max(next, tick - MOST_TICKS_BACK); next <= tick && !signal.aborted; next++) {
        await publish(this.#arriving(next));
      }
      sink.healthy();
    }
  }

  /** The newest entries that came before a tick, oldest first. */
  #before(tick: number): readonly JsonObject[] {
    const { backfill } = this.#config;
    const found: JsonObject[] = [];
    for (let back = 1; back <= MOST_TICKS_BACK && found.length < backfill; back++) {
      found.unshift(...this.#arriving(tick - back));
    }
    return found.slice(Math.max(0, found.length - backfill));
  }

  /** What comes with a tick: what happened in it and is not late, and what happened before and is. */
  #arriving(tick: number): readonly JsonObject[] {
    const { everyMs, late, seed } = this.#config;
    const most = mostTicksLate(late, everyMs);
    const candidates = most === 0 ? [tick] : [tick - most, tick];
    return candidates.flatMap((each) =>
      this.#events(each).filter((entry) => each + ticksLate(late, seed, entry['t'] as number, everyMs) === tick),
    );
  }

  /** What happened in the time before a tick, in its order. */
  #events(tick: number): JsonObject[] {
    const { everyMs, seed, gaps, perMinute } = this.#config;
    const end = tick * everyMs;
    if (isInGap(gaps, seed, end)) return [];
    const random = createRandom(seedOf(seed, EVENTS, tick));
    const rate = valueAt(perMinute, seedOfField(seed, 'perMinute'), end, this.#originMs) ?? 0;
    const count = Math.min(MOST_EVENTS, poisson((Math.max(0, rate) * everyMs) / MINUTE_MS, random));
    const times = Array.from({ length: count }, () => Math.floor(end - everyMs * random()));
    return times.sort((a, b) => a - b).map((t) => this.#entry(t, random));
  }

  #entry(t: number, random: () => number): JsonObject {
    const { messages, fields, seed } = this.#config;
    const { text, level } = chosen(messages, random());
    const entry: JsonObject = { t, ...(level === undefined ? {} : { level }), text };
    for (const [name, field] of Object.entries(fields)) {
      setOwn(entry, name, valueAt(field, seedOfField(seed, name), t, this.#originMs));
    }
    return entry;
  }
}

/** One of them, by their weights. @param share in [0, 1) */
function chosen(messages: LogConfig['messages'], share: number): LogConfig['messages'][number] {
  let left = share * messages.reduce((sum, { weight }) => sum + weight, 0);
  for (const message of messages) {
    left -= message.weight;
    if (left < 0) return message;
  }
  return messages.at(-1) as LogConfig['messages'][number];
}
