import { type JsonObject, setOwn } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { ticks } from '../ticks.ts';
import type { SeriesConfig } from './config.ts';
import { isInGap, mostTicksLate, ticksLate } from './faults.ts';
import { seedOfField, valueAt } from './field-value.ts';

/** Points of several fields. A point depends on seed and time alone, so that what is back-filled is what was live. */
export class SeriesSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: SeriesConfig;
  readonly #context: SourceContext;
  readonly #topic: TopicName;
  readonly #originMs: number;

  constructor(config: SeriesConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#topic = config.topic ?? parseTopicName(context.name);
    this.#originMs = config.since ?? context.clock.now();
    this.topics = [{ topic: this.#topic, kind: 'series', expectEveryMs: config.everyMs }];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { everyMs, backfill } = this.#config;
    if (signal.aborted) return;
    const newest = Math.floor(clock.now() / everyMs);
    await sink.publish(this.#topic, 'replace', this.#columns(this.#known(newest, backfill)), clock.now());
    for await (const now of ticks(clock, everyMs, signal)) {
      // A timer may fire a little before its time; the point belongs to the tick, not to the moment.
      const times = this.#arriving(Math.round(now / everyMs));
      if (times.length > 0) await sink.publish(this.#topic, 'append', this.#columns(times), now);
    }
  }

  /** The times of the points that are known at a tick, of so many ticks. */
  #known(tick: number, count: number): number[] {
    const { everyMs } = this.#config;
    const all = Array.from({ length: count }, (_, index) => tick - count + 1 + index);
    return all.filter((each) => each + this.#late(each * everyMs) <= tick).flatMap((each) => this.#measured(each));
  }

  /** The times of the points that come with a tick: its own, unless that is late, and one that is. */
  #arriving(tick: number): number[] {
    const { everyMs, late } = this.#config;
    const most = mostTicksLate(late, everyMs);
    const candidates = most === 0 ? [tick] : [tick - most, tick];
    return candidates
      .filter((each) => each + this.#late(each * everyMs) === tick)
      .flatMap((each) => this.#measured(each));
  }

  #late(t: number): number {
    const { late, seed, everyMs } = this.#config;
    return ticksLate(late, seed, t, everyMs);
  }

  #measured(tick: number): number[] {
    const { gaps, seed, everyMs } = this.#config;
    return isInGap(gaps, seed, tick * everyMs) ? [] : [tick * everyMs];
  }

  #columns(times: number[]): JsonObject {
    const columns: JsonObject = { t: times };
    for (const [name, field] of Object.entries(this.#config.fields)) {
      const seed = seedOfField(this.#config.seed, name);
      setOwn(
        columns,
        name,
        times.map((t) => valueAt(field, seed, t, this.#originMs)),
      );
    }
    return columns;
  }
}
