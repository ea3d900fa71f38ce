import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { messageTopic, pairsOf } from '../message-fields.ts';
import { messageText } from '../message-text.ts';
import { pause } from '../pause.ts';
import { publishMessage } from '../publish-message.ts';
import { type MessageReading, readMessage } from '../read-message.ts';
import { Turns } from '../turns.ts';
import type { KafkaConfig } from './config.ts';
import { LogReader } from './log-reader.ts';
import type { KafkaRecord } from './record-batch.ts';

/** Where a row says the key of its message. */
const NAME_FIELD = 'key';

/** What is written to topics of Kafka. */
export class KafkaSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: KafkaConfig;
  readonly #context: SourceContext;
  /** What to read next of each partition; it outlives a run, so that the next one goes on there. */
  readonly #places = new Map<string, number>();

  constructor(config: KafkaConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.topics = pairsOf(config.topics).map(([topic]) => messageTopic(topic, config, NAME_FIELD));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { outgoing, clock } = this.#context;
    const { topicKind: kind } = this.#config;
    const { from = kind === 'state' ? 'last' : 'latest' } = this.#config;
    // Who asks for the newest wants what is the newest now.
    if (from === 'last') this.#places.clear();
    const fed = new Map<string, TopicName[]>();
    for (const [topic, name] of pairsOf(this.#config.topics)) fed.set(name, [...(fed.get(name) ?? []), topic]);
    const turns = new Turns(clock);
    const reader = new LogReader({
      ...{ config: this.#config, outgoing, from, places: this.#places },
      topics: [...fed.keys()],
      ready: () => {
        if (!signal.aborted) sink.healthy();
      },
      take: async (name, record) => {
        const reading = this.#read(record);
        for (const topic of fed.get(name) ?? []) await publishMessage(sink, { topic, kind }, reading, record.at);
        await turns.step();
      },
      missed: (words) => sink.refused(words),
      pause: (ms, within) => pause(clock, ms, within),
    });
    try {
      await reader.run(signal);
    } catch (failure) {
      if (!signal.aborted) throw failure;
    }
  }

  #read({ key, value, at }: KafkaRecord): MessageReading {
    const { topicKind: kind, keyField } = this.#config;
    const text = messageText(value ?? '');
    if ('refused' in text) return text;
    if (kind !== 'table' || (keyField !== undefined && keyField !== NAME_FIELD)) {
      return value === null ? { refused: 'a message has no value' } : readMessage(text.text, at, this.#config);
    }
    // Of a table that is known by the keys of its messages, one without a value takes a row away.
    if (key === null) return { refused: 'a message has no key, which the row of a table needs' };
    const name = messageText(key);
    return 'refused' in name ? name : readMessage(text.text, at, this.#config, { field: NAME_FIELD, name: name.text });
  }
}
