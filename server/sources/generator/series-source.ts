import { type JsonObject, setOwn } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { ticks } from '../ticks.ts';
import type { FieldConfig, SeriesConfig } from './config.ts';
import { createRandom, gaussian, seedOf, seedOfText } from './random.ts';

const HOUR_MS = 3_600_000;

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
    this.#originMs = context.clock.now();
    this.topics = [{ topic: this.#topic, kind: 'series', expectEveryMs: config.everyMs }];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { everyMs, backfill } = this.#config;
    if (signal.aborted) return;
    const newest = Math.floor(clock.now() / everyMs);
    const times = Array.from({ length: backfill }, (_, index) => (newest - backfill + 1 + index) * everyMs);
    await sink.publish(this.#topic, 'replace', this.#columns(times), clock.now());
    for await (const now of ticks(clock, everyMs, signal)) {
      // A timer may fire a little before its time; the point belongs to the tick, not to the moment.
      const t = Math.round(now / everyMs) * everyMs;
      await sink.publish(this.#topic, 'append', this.#columns([t]), now);
    }
  }

  #columns(times: number[]): JsonObject {
    const columns: JsonObject = { t: times };
    for (const [name, field] of Object.entries(this.#config.fields)) {
      const seed = seedOf(this.#config.seed, seedOfText(name));
      setOwn(
        columns,
        name,
        times.map((t) => valueAt(field, seed, t, this.#originMs)),
      );
    }
    return columns;
  }
}

/**
 * The value of a field at a time; null while it is faulty. Equal arguments give equal values.
 *
 * @param originMs when the trend started from the base
 */
export function valueAt(field: FieldConfig, seed: number, t: number, originMs: number): number | null {
  const { base, trend, season, noise, spikes, faults, decimals } = field;
  if (faults) {
    const stretch = Math.floor(t / faults.durationMs);
    if (createRandom(seedOf(seed, 1, stretch))() < faults.chance) return null;
  }
  const random = createRandom(seedOf(seed, 2, t));
  let value = base + (trend * (t - originMs)) / HOUR_MS + noise * gaussian(random);
  if (season) value += season.amplitude * Math.sin((2 * Math.PI * t) / season.periodMs);
  if (spikes && random() < spikes.chance) value += spikes.size;
  return rounded(value, decimals);
}

/** The number with so many digits behind the point. */
export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
