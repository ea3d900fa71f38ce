import type { JsonValue } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { OPERATIONS_OF_KIND, parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { Turns } from '../turns.ts';
import type { RedisConfig } from './config.ts';
import { Inbox } from './inbox.ts';
import { type MessageReading, readEntry, readMessage } from './read-message.ts';
import { RedisLink } from './redis-link.ts';
import { StreamReader } from './stream-reader.ts';

interface Message {
  readonly topic: TopicName;
  readonly text: string;
  /** Of a pattern: the channel that it came by. */
  readonly channel?: string;
}

/** What Redis channels, patterns of channels and streams bring, each in its own order. */
export class RedisSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: RedisConfig;
  readonly #context: SourceContext;
  /** Where each stream has been read to; it outlives a run, so that the next one goes on there. */
  readonly #readTo = new Map<string, string>();

  constructor(config: RedisConfig, context: SourceContext) {
    const { channels, patterns, streams, topicKind: kind, keyField, expectEveryMs } = config;
    this.#config = config;
    this.#context = context;
    this.topics = [channels, patterns, streams].flatMap(topicsOf).map((topic) => ({
      topic,
      kind,
      ...(keyField === undefined ? {} : { keyField }),
      ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
    }));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { channels, patterns, streams } = this.#config;
    const over = new AbortController();
    const within = AbortSignal.any([signal, over.signal]);
    const ways: Promise<void>[] = [];
    if (topicsOf(channels).length + topicsOf(patterns).length > 0) ways.push(this.#hear(sink, within));
    if (topicsOf(streams).length > 0) ways.push(this.#read(sink, within));
    try {
      await Promise.all(ways);
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      // What one way publishes after the other has failed would belong to no run.
      over.abort();
      await Promise.allSettled(ways);
    }
  }

  /** What is published, from when it is heard on. */
  async #hear(sink: Sink, signal: AbortSignal): Promise<void> {
    const { url, channels, patterns } = this.#config;
    const link = await RedisLink.open(url, signal);
    const inbox = new Inbox<Message>();
    const stop = () => inbox.end();
    signal.addEventListener('abort', stop, { once: true });
    let lost: TidewallError | undefined;
    void link.lost.then((failure) => {
      lost = failure;
      inbox.end();
    });
    const put = (message: Message) => {
      if (!inbox.offer(message)) sink.refused('messages come faster than they can be taken in');
    };
    try {
      for (const [topic, channel] of namesOf(channels)) {
        await link.client.subscribe(channel, (text) => put({ topic, text }));
      }
      for (const [topic, pattern] of namesOf(patterns)) {
        await link.client.pSubscribe(pattern, (text, channel) => put({ topic, text, channel }));
      }
      sink.healthy();
      await this.#publishAll(inbox, sink, signal);
      if (lost !== undefined && !signal.aborted) throw lost;
    } catch (failure) {
      throw failure instanceof TidewallError ? failure : link.failure('does not let us listen', failure);
    } finally {
      signal.removeEventListener('abort', stop);
      link.close();
    }
  }

  async #publishAll(inbox: Inbox<Message>, sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    // Messages that are refused never wait for anything.
    const turns = new Turns(clock);
    for (let messages = await inbox.take(); messages !== undefined; messages = await inbox.take()) {
      for (const { topic, text, channel } of messages) {
        if (signal.aborted) return;
        const at = clock.now();
        const reading = readMessage(text, at, this.#config);
        const named = 'data' in reading && channel !== undefined ? { data: { channel, data: reading.data } } : reading;
        await this.#publish(sink, topic, named, at);
        await turns.step();
      }
    }
  }

  /** The entries of streams, none left out between one run and the next. */
  async #read(sink: Sink, signal: AbortSignal): Promise<void> {
    const { url, streams, topicKind } = this.#config;
    const reader = await StreamReader.open(url, signal);
    const turns = new Turns(this.#context.clock);
    try {
      const names = namesOf(streams);
      const places = new Map(names.map(([, stream]) => [stream, this.#readTo.get(stream)]));
      // Of a state only the newest counts, and whoever comes now wants to see it.
      await reader.begin(places, topicKind === 'state' ? 'with the newest' : 'after the newest');
      sink.healthy();
      for await (const { stream, id, at, fields } of reader.entries(signal)) {
        const reading = readEntry(fields, at, this.#config);
        for (const [topic, name] of names) if (name === stream) await this.#publish(sink, topic, reading, at);
        this.#readTo.set(stream, id);
        await turns.step();
      }
    } finally {
      reader.close();
    }
  }

  async #publish(sink: Sink, topic: TopicName, reading: MessageReading, at: number): Promise<void> {
    if ('refused' in reading) {
      sink.refused(reading.refused);
      return;
    }
    try {
      await sink.publish(topic, OPERATIONS_OF_KIND[this.#config.topicKind][0], reading.data as JsonValue, at);
    } catch (failure) {
      // What does not fit is the fault of that message; the next one may fit.
      const kinds = ['shape_mismatch', 'limit_exceeded'];
      if (!(failure instanceof TidewallError) || !kinds.includes(failure.kind)) throw failure;
      sink.refused(failure.message);
    }
  }
}

function namesOf(names: Readonly<Record<string, string>>): [TopicName, string][] {
  return Object.entries(names).map(([topic, name]) => [parseTopicName(topic), name]);
}

function topicsOf(names: Readonly<Record<string, string>>): TopicName[] {
  return namesOf(names).map(([topic]) => topic);
}
