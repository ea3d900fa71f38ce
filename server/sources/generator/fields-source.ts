import { type JsonObject, setOwn } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { ticks } from '../ticks.ts';
import type { StateConfig, TableConfig } from './config.ts';
import { isInGap } from './faults.ts';
import { seedOfField, valueAt } from './field-value.ts';
import { createRandom, seedOf } from './random.ts';

const CHANGE = 5;
/** A row that has not changed for so many ticks is as it was then. */
const MOST_TICKS_BACK = 200;

/** Several fields at each tick: as the value of a `state`, or in each row of a `table`, of which some change at a time. */
export class FieldsSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: StateConfig | TableConfig;
  readonly #context: SourceContext;
  readonly #topic: TopicName;
  readonly #originMs: number;

  constructor(config: StateConfig | TableConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#topic = config.topic ?? parseTopicName(context.name);
    this.#originMs = config.since ?? context.clock.now();
    const kind =
      config.shape === 'state' ? { kind: 'state' as const } : { kind: 'table' as const, keyField: config.keyField };
    this.topics = [{ topic: this.#topic, ...kind, expectEveryMs: config.everyMs }];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { everyMs, gaps, seed } = this.#config;
    if (signal.aborted) return;
    const tick = Math.floor(clock.now() / everyMs);
    await sink.publish(this.#topic, 'replace', this.#all(tick), clock.now());
    for await (const now of ticks(clock, everyMs, signal)) {
      const next = Math.round(now / everyMs);
      if (!isInGap(gaps, seed, next * everyMs)) await this.#publish(next, now, sink);
    }
  }

  async #publish(tick: number, now: number, sink: Sink): Promise<void> {
    if (this.#config.shape === 'state') {
      await sink.publish(this.#topic, 'replace', this.#all(tick), now);
      return;
    }
    const rows = this.#config.names.filter((name) => this.#changes(name, tick)).map((name) => this.#row(name, tick));
    if (rows.length > 0) await sink.publish(this.#topic, 'upsert', rows, now);
    else sink.healthy();
  }

  #all(tick: number): JsonObject | JsonObject[] {
    const { everyMs, seed } = this.#config;
    if (this.#config.shape === 'state') return this.#values({}, seed, tick * everyMs);
    return this.#config.names.map((name) => this.#row(name, this.#lastChange(name, tick)));
  }

  #row(name: string, tick: number): JsonObject {
    const { everyMs, seed } = this.#config;
    const keyField = this.#config.shape === 'table' ? this.#config.keyField : 'name';
    const row: JsonObject = {};
    setOwn(row, keyField, name);
    return this.#values(row, seedOfField(seed, name), tick * everyMs);
  }

  #values(row: JsonObject, seed: number, t: number): JsonObject {
    for (const [name, field] of Object.entries(this.#config.fields)) {
      setOwn(row, name, valueAt(field, seedOfField(seed, name), t, this.#originMs));
    }
    return row;
  }

  #changes(name: string, tick: number): boolean {
    const { seed } = this.#config;
    const chance = this.#config.shape === 'table' ? this.#config.changes : 1;
    return createRandom(seedOf(seedOfField(seed, name), CHANGE, tick))() < chance;
  }

  /** The last tick at which a row changed, so that it is the same whenever somebody comes. */
  #lastChange(name: string, tick: number): number {
    const { everyMs, gaps, seed } = this.#config;
    for (let back = 0; back < MOST_TICKS_BACK; back++) {
      const each = tick - back;
      if (this.#changes(name, each) && !isInGap(gaps, seed, each * everyMs)) return each;
    }
    return tick - MOST_TICKS_BACK;
  }
}
