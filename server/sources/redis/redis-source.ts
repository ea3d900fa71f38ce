import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { LinkedAbort } from '../linked-abort.ts';
import { messageTopic, pairsOf } from '../message-fields.ts';
import { MessageInbox } from '../message-inbox.ts';
import { publishMessage } from '../publish-message.ts';
import { Turns } from '../turns.ts';
import type { RedisConfig } from './config.ts';
import { readEntry } from './read-entry.ts';
import { RedisLink } from './redis-link.ts';
import { StreamReader } from './stream-reader.ts';

/** Where what came by a pattern says which channel it came by. */
const NAME_FIELD = 'channel';

/** What Redis channels, patterns of channels and streams bring, each in its own order. */
export class RedisSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: RedisConfig;
  readonly #context: SourceContext;
  /** Where each stream has been read to; it outlives a run, so that the next one goes on there. */
  readonly #readTo = new Map<string, string>();

  constructor(config: RedisConfig, context: SourceContext) {
    const { channels, patterns, streams } = config;
    this.#config = config;
    this.#context = context;
    this.topics = [
      ...pairsOf({ ...channels, ...streams }).map(([topic]) => messageTopic(topic, config)),
      ...pairsOf(patterns).map(([topic]) => messageTopic(topic, config, NAME_FIELD)),
    ];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { channels, patterns, streams } = this.#config;
    const within = new LinkedAbort(signal);
    const ways: Promise<void>[] = [];
    if (!isEmpty(channels) || !isEmpty(patterns)) ways.push(this.#hear(sink, within.signal));
    if (!isEmpty(streams)) ways.push(this.#read(sink, within.signal));
    try {
      await Promise.all(ways);
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      // What one way publishes after the other has failed would belong to no run.
      within.abort();
      await Promise.allSettled(ways);
      within.letGo();
    }
  }

  /** What is published, from when it is heard on. */
  async #hear(sink: Sink, signal: AbortSignal): Promise<void> {
    const { url, channels, patterns } = this.#config;
    const { clock, outgoing } = this.#context;
    const link = await RedisLink.open(url, signal, { outgoing, tls: this.#config });
    const inbox = new MessageInbox({ sink, clock, form: this.#config, nameField: NAME_FIELD });
    void link.lost.then((failure) => inbox.end(failure));
    try {
      for (const [topic, channel] of pairsOf(channels)) {
        await link.client.subscribe(channel, (body) => inbox.offer({ topic, body }), true);
      }
      for (const [topic, pattern] of pairsOf(patterns)) {
        await link.client.pSubscribe(
          pattern,
          (body, channel) => inbox.offer({ topic, body, name: String(channel) }),
          true,
        );
      }
      if (signal.aborted) return;
      sink.healthy();
      await inbox.publishAll(signal);
    } catch (failure) {
      throw failure instanceof TidewallError ? failure : link.failure('does not let us listen', failure);
    } finally {
      link.close();
    }
  }

  /** The entries of streams, none left out between one run and the next. */
  async #read(sink: Sink, signal: AbortSignal): Promise<void> {
    const { url, streams, topicKind } = this.#config;
    const reader = await StreamReader.open(url, signal, { outgoing: this.#context.outgoing, tls: this.#config });
    const turns = new Turns(this.#context.clock);
    try {
      const names = pairsOf(streams);
      const places = new Map(names.map(([, stream]) => [stream, this.#readTo.get(stream)]));
      // Of a state only the newest counts, and whoever comes now wants to see it.
      await reader.begin(places, topicKind === 'state' ? 'with the newest' : 'after the newest');
      sink.healthy();
      for await (const { stream, id, at, fields } of reader.entries(signal)) {
        const reading = readEntry(fields, at, this.#config);
        for (const [topic, name] of names) {
          if (name === stream) await publishMessage(sink, { topic, kind: topicKind }, reading, at);
        }
        this.#readTo.set(stream, id);
        await turns.step();
      }
    } finally {
      reader.close();
    }
  }
}

function isEmpty(names: Readonly<Record<string, string>>): boolean {
  return Object.keys(names).length === 0;
}
