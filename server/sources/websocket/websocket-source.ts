import { type JsonValue, parseJson } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { valueAt } from '@tidewall/transform';
import { matchesJson } from '../json-pattern.ts';
import { messageTopic } from '../message-fields.ts';
import { MessageInbox } from '../message-inbox.ts';
import { messageText } from '../message-text.ts';
import { pause } from '../pause.ts';
import { placeOfUrl, SocketLink } from '../socket-link.ts';
import { textsOfSecrets } from '../texts-of-secrets.ts';
import type { WebSocketConfig } from './config.ts';

/** Frames that wait for a server that does not read; it is as good as gone. */
const MOST_WAITING_BYTES = 1024 * 1024;

/** Frames that go to one topic, and what of them. */
interface Pick {
  readonly topic: TopicName;
  readonly where?: JsonValue | undefined;
  readonly path?: string | undefined;
}

/** The frames of one connection to a WebSocket server, each to the topics that it is for. */
export class WebSocketSource implements Source {
  readonly topics: Source['topics'];
  readonly #config: WebSocketConfig;
  readonly #context: SourceContext;
  readonly #picks: readonly Pick[];

  constructor(config: WebSocketConfig, context: SourceContext) {
    const named = Object.entries(config.topics);
    this.#config = config;
    this.#context = context;
    this.#picks =
      named.length === 0
        ? [{ topic: parseTopicName(context.name) }]
        : named.map(([topic, pick]) => ({ topic: parseTopicName(topic), ...pick }));
    this.topics = this.#picks.map(({ topic }) => messageTopic(topic, config));
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { url, headers, protocols, send } = this.#config;
    const { clock, outgoing } = this.#context;
    const inbox = new MessageInbox({ sink, clock, form: this.#config });
    let link: SocketLink | undefined;
    // A server may speak before it is known here that the connection is open.
    const answer = (text: string) => queueMicrotask(() => link?.send(text));
    try {
      link = await SocketLink.open({
        ...{ url, headers, protocols, outgoing, clock, signal, tls: this.#config },
        secrets: textsOfSecrets(url, headers, send),
        message: (data) => this.#take(data, inbox, sink, answer),
      });
      const open = link;
      void open.lost.then((failure) => inbox.end(failure));
      for (const frame of send) open.send(textOf(frame));
      sink.healthy();
      const over = new AbortController();
      const beating = this.#beat(open, inbox, over.signal);
      try {
        await inbox.publishAll(signal);
      } finally {
        over.abort();
        await beating;
      }
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      await link?.close();
    }
  }

  /** Asks for signs of life, and ends the inbox when there are none. */
  async #beat(link: SocketLink, inbox: MessageInbox, over: AbortSignal): Promise<void> {
    const { url, heartbeat } = this.#config;
    const { everyMs, deadMs, send } = heartbeat;
    while (!over.aborted) {
      await pause(this.#context.clock, everyMs, over);
      if (over.aborted) return;
      if (link.silentMs >= deadMs || link.waitingBytes > MOST_WAITING_BYTES) {
        const message = `${placeOfUrl(url)} has said nothing for ${deadMs} ms (heartbeat.deadMs)`;
        inbox.end(new TidewallError('source_error', message));
        return;
      }
      if (send === undefined) link.ping();
      else link.send(textOf(send));
    }
  }

  #take(data: string | Uint8Array, inbox: MessageInbox, sink: Sink, answer: (text: string) => void): void {
    const reading = messageText(data);
    if ('refused' in reading) {
      sink.refused(reading.refused);
      return;
    }
    const { text } = reading;
    const value = jsonOf(text);
    const { answer: answers, ignore } = this.#config.heartbeat;
    const isBeat = (pattern: JsonValue) =>
      (typeof pattern === 'string' && pattern === text) || matchesJson(pattern, value);
    const asked = answers.find(({ to }) => isBeat(to));
    if (asked !== undefined) answer(textOf(asked.with));
    if (asked !== undefined || ignore.some(isBeat)) return;
    for (const { topic, where, path } of this.#picks) {
      if (where !== undefined && !matchesJson(where, value)) continue;
      if (path === undefined) inbox.offer({ topic, body: text });
      else this.#offerPart(topic, path, value, inbox, sink);
    }
  }

  #offerPart(topic: TopicName, path: string, value: JsonValue | undefined, inbox: MessageInbox, sink: Sink): void {
    const part = value === undefined ? undefined : valueAt(value, path);
    if (part === undefined) sink.refused(`a frame for ${topic} has nothing at ${path}`);
    else inbox.offer({ topic, body: JSON.stringify(part) });
  }
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function textOf(frame: JsonValue): string {
  return typeof frame === 'string' ? frame : JSON.stringify(frame);
}
