import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { ticks } from '../ticks.ts';
import type { RowsConfig, ValueConfig } from './config.ts';
import { rounded } from './field-value.ts';
import { seedOf, seedOfText } from './random.ts';
import { createWalk } from './walk.ts';

/** One number that wanders (`value`), or a list of named ones (`rows`), replaced at each tick. */
export class WalkSource implements Source {
  readonly topics: Source['topics'];
  readonly #context: SourceContext;
  readonly #topic: TopicName;
  readonly #everyMs: number;
  readonly #next: () => JsonValue;

  constructor(config: ValueConfig | RowsConfig, context: SourceContext) {
    this.#context = context;
    this.#everyMs = config.everyMs;
    this.#topic = config.topic ?? parseTopicName(context.name);
    this.#next = config.shape === 'value' ? createValue(config) : createRows(config);
    this.topics = [{ topic: this.#topic, kind: 'state', expectEveryMs: config.everyMs }];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    if (signal.aborted) return;
    await sink.publish(this.#topic, 'replace', this.#next(), clock.now());
    for await (const now of ticks(clock, this.#everyMs, signal)) {
      await sink.publish(this.#topic, 'replace', this.#next(), now);
    }
  }
}

function createValue(config: ValueConfig): () => JsonObject {
  const { min, max, step, seed, decimals, label, unit, target } = config;
  const walk = createWalk({ min, max, step, seed });
  return () => ({
    value: rounded(walk(), decimals),
    ...(label === undefined ? {} : { label }),
    ...(unit === undefined ? {} : { unit }),
    ...(target === undefined ? {} : { target }),
  });
}

function createRows({ names, min, max, step, seed, decimals }: RowsConfig): () => JsonObject[] {
  const walks = names.map((name) => ({
    name,
    walk: createWalk({ min, max, step, seed: seedOf(seed, seedOfText(name)) }),
  }));
  return () => walks.map(({ name, walk }) => ({ name, value: rounded(walk(), decimals) }));
}
