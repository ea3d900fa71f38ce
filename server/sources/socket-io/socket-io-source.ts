import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import type { TidewallError, TopicName } from '@tidewall/protocol';
import { messageTopic, pairsOf } from '../message-fields.ts';
import { MessageInbox } from '../message-inbox.ts';
import type { SocketIoConfig } from './config.ts';
import { RoomLink } from './room-link.ts';

/** What is followed by one connection: a room, or the events of a server without rooms. */
interface Followed {
  readonly topics: readonly TopicName[];
  readonly room?: string;
  /** Topics by the event that carries their data. */
  readonly events: readonly (readonly [event: string, topic: TopicName])[];
}

/**
 * Rooms and events of a Socket.IO server. A room is joined while its topic is watched, by a connection of its own: the
 * events of all rooms have the same name, and do not say which room they are of.
 */
export class SocketIoSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: SocketIoConfig;
  readonly #context: SourceContext;
  readonly #followed: readonly Followed[];

  constructor(config: SocketIoConfig, context: SourceContext) {
    const { rooms, events, event } = config;
    this.#config = config;
    this.#context = context;
    this.topics = pairsOf({ ...rooms, ...events }).map(([topic]) => messageTopic(topic, config));
    const plain = pairsOf(events).map(([topic, name]) => [name, topic] as const);
    this.#followed = [
      ...pairsOf(rooms).map(([topic, room]) => ({ topics: [topic], room, events: [[event, topic] as const] })),
      ...(plain.length === 0 ? [] : [{ topics: plain.map(([, topic]) => topic), events: plain }]),
    ];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { clock, pace } = this.#context;
    const inbox = new MessageInbox({ sink, clock, form: this.#config });
    const links = new Map<Followed, RoomLink>();
    const follow = () => {
      for (const followed of this.#followed) {
        const wanted = followed.topics.some((topic) => pace.isWatched(topic));
        const link = links.get(followed);
        if (wanted && link === undefined) {
          const opened = this.#link(followed, inbox, sink, (failure) => inbox.end(failure));
          links.set(followed, opened);
          void opened.open();
        } else if (!wanted && link !== undefined) {
          links.delete(followed);
          link.close();
        }
      }
    };
    const stop = pace.onChange(follow);
    try {
      if (!signal.aborted) follow();
      await inbox.publishAll(signal);
    } finally {
      stop();
      for (const link of links.values()) link.close();
    }
  }

  #link({ room, events }: Followed, inbox: MessageInbox, sink: Sink, lost: (failure: TidewallError) => void): RoomLink {
    const takers = new Map<string, ((data: unknown) => void)[]>();
    for (const [event, topic] of events) {
      const take = (data: unknown) => {
        const body = textOf(data);
        if (body === undefined) sink.refused(`${event} carries no data, or bytes`);
        else inbox.offer({ topic, body });
      };
      takers.set(event, [...(takers.get(event) ?? []), take]);
    }
    return new RoomLink({
      config: this.#config,
      context: this.#context,
      ...(room !== undefined && { room }),
      events: new Map([...takers].map(([event, all]) => [event, (data) => all.forEach((take) => void take(data))])),
      connected: () => sink.healthy(),
      lost,
    });
  }
}

/** Its data as JSON; undefined where there is none, or where there are bytes in it. */
function textOf(data: unknown): string | undefined {
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) return undefined;
  return JSON.stringify(data);
}
