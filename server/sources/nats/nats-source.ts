import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, type TopicName } from '@tidewall/protocol';
import { LinkedAbort } from '../linked-abort.ts';
import { messageTopic, pairsOf } from '../message-fields.ts';
import { MessageInbox } from '../message-inbox.ts';
import { messageText } from '../message-text.ts';
import { publishMessage } from '../publish-message.ts';
import { readMessage } from '../read-message.ts';
import { Turns } from '../turns.ts';
import { manySubjects, type NatsConfig, type StreamSettings } from './config.ts';
import { NatsLink } from './nats-link.ts';
import { type StreamPlace, StreamReader } from './stream-reader.ts';
import { hasWildcard } from './subject.ts';

/** Where what came by a subject with wildcards says which subject it came by. */
const NAME_FIELD = 'subject';

/** What is published to subjects of a NATS server, and what its streams hold. */
export class NatsSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: NatsConfig;
  readonly #context: SourceContext;
  readonly #streams: readonly (readonly [TopicName, StreamSettings])[];
  /** Where the stream of each topic has been read to; it outlives a run, so that the next one goes on there. */
  readonly #readTo = new Map<TopicName, StreamPlace>();

  constructor(config: NatsConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#streams = Object.entries(config.streams).map(([topic, stream]) => [parseTopicName(topic), stream]);
    this.topics = [
      ...pairsOf(config.subjects).map(([topic, subject]) => [topic, hasWildcard(subject)] as const),
      ...this.#streams.map(([topic, stream]) => [topic, manySubjects(stream)] as const),
    ].map(([topic, many]) => messageTopic(topic, config, many ? NAME_FIELD : undefined));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { outgoing } = this.#context;
    const within = new LinkedAbort(signal);
    const ways: Promise<void>[] = [];
    let link: NatsLink | undefined;
    try {
      link = await NatsLink.open({ config: this.#config, outgoing, signal: within.signal });
      const { subjects } = this.#config;
      if (Object.keys(subjects).length > 0) ways.push(this.#hear(link, sink, within.signal));
      for (const [topic, stream] of this.#streams) ways.push(this.#read(link, topic, stream, sink, within.signal));
      await Promise.all(ways);
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      // What one way publishes after another has failed would belong to no run.
      within.abort();
      await Promise.allSettled(ways);
      within.letGo();
      link?.close();
    }
  }

  /** What is published, from when it is heard on. */
  async #hear(link: NatsLink, sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const inbox = new MessageInbox({ sink, clock, form: this.#config, nameField: NAME_FIELD });
    void link.over.then((failure) => inbox.end(failure));
    for (const [topic, subject] of pairsOf(this.#config.subjects)) {
      const many = hasWildcard(subject);
      link.subscribe(subject, ({ subject: name, data }) => {
        inbox.offer({ topic, body: data, ...(many ? { name } : {}) });
      });
    }
    await link.flush();
    if (!signal.aborted) sink.healthy();
    await inbox.publishAll(signal);
  }

  /** The messages of a stream, none left out between one run and the next. */
  async #read(
    link: NatsLink,
    topic: TopicName,
    settings: StreamSettings,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<void> {
    const { topicKind: kind } = this.#config;
    const { from = kind === 'table' ? 'lastPerSubject' : kind === 'state' ? 'last' : 'new' } = settings;
    const place = this.#readTo.get(topic);
    const reader = await StreamReader.open({ link, settings: { ...settings, from }, config: this.#config, place });
    if (reader.start !== undefined) this.#readTo.set(topic, reader.start);
    const many = manySubjects(settings);
    const turns = new Turns(this.#context.clock);
    if (!signal.aborted) sink.healthy();
    for await (const { subject, data, at, place } of reader.messages(signal)) {
      const text = messageText(data);
      const by = many ? { field: NAME_FIELD, name: subject } : undefined;
      const reading = 'refused' in text ? text : readMessage(text.text, at, this.#config, by);
      await publishMessage(sink, { topic, kind }, reading, at);
      this.#readTo.set(topic, place);
      await turns.step();
    }
  }
}
