import { randomBytes } from 'node:crypto';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { messageTopic, pairsOf } from '../message-fields.ts';
import { MessageInbox } from '../message-inbox.ts';
import type { MqttConfig } from './config.ts';
import { MqttLink, takesRetained } from './mqtt-link.ts';
import { hasWildcard, matchesFilter } from './topic-filter.ts';

/** Where what came by a filter with wildcards says which topic it came by. */
const NAME_FIELD = 'topic';

/** What is published to topics of an MQTT broker. */
export class MqttSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: MqttConfig;
  readonly #context: SourceContext;
  readonly #filters: readonly (readonly [TopicName, string])[];
  /** Of a persistent session: it outlives a run, as the session does. */
  readonly #unreleased = new Set<number>();

  constructor(config: MqttConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#filters = pairsOf(config.filters);
    this.topics = this.#filters.map(([topic, filter]) => {
      return messageTopic(topic, config, hasWildcard(filter) ? NAME_FIELD : undefined);
    });
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock, outgoing } = this.#context;
    const { config, clientId } = this.#connection();
    const inbox = new MessageInbox({ sink, clock, form: this.#config, nameField: NAME_FIELD });
    let link: MqttLink | undefined;
    try {
      link = await MqttLink.open({
        ...{ config, outgoing, clientId, signal },
        unreleased: this.#unreleased,
        room: () => inbox.room(),
        message: ({ topic, payload, retain }, done) => this.#offer(inbox, { topic, payload, retain, done }),
      });
      void link.over.then((failure) => inbox.end(failure));
      await link.subscribe([...new Set(this.#filters.map(([, filter]) => filter))]);
      if (signal.aborted) return;
      sink.healthy();
      await inbox.publishAll(signal);
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      link?.close();
    }
  }

  /** A broker has one client of an id: a trial that took that of the configuration would throw the running source out. */
  #connection(): { readonly config: MqttConfig; readonly clientId: string } {
    const own = randomBytes(6).toString('hex');
    const { clientId } = this.#config;
    if (this.#context.trial !== true) return { config: this.#config, clientId: clientId ?? `tidewall-${own}` };
    const config = { ...this.#config, persistent: false };
    return { config, clientId: clientId === undefined ? `tidewall-${own}` : `${clientId}-trial-${own}` };
  }

  #offer(
    inbox: MessageInbox,
    { topic: name, payload, retain, done }: { topic: string; payload: string | Buffer; retain: boolean; done(): void },
  ): void {
    const isNews = !retain || takesRetained(this.#config);
    const fed = isNews ? this.#filters.filter(([, filter]) => matchesFilter(filter, name)) : [];
    let left = fed.length;
    if (left === 0) done();
    for (const [topic, filter] of fed) {
      inbox.offer({
        topic,
        body: payload,
        ...(hasWildcard(filter) ? { name } : {}),
        done: () => {
          left -= 1;
          if (left === 0) done();
        },
      });
    }
  }
}
