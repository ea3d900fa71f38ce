import { randomInt, randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { Sink, Source, SourceContext } from '@tidewall/contracts';
import { signTcvConnect } from '@tidewall/gateways/tcv/sign-connect';
import { parseTopicName, parseTopicPattern, TidewallError, type TopicName } from '@tidewall/protocol';
import { MAX_MESSAGE_BYTES } from '../message-text.ts';
import { pause } from '../pause.ts';
import { publishMessage } from '../publish-message.ts';
import { placeOfUrl, SocketLink } from '../socket-link.ts';
import { textsOfSecrets } from '../texts-of-secrets.ts';
import { Turns } from '../turns.ts';
import type { TcvConfig } from './config.ts';

/** A backend that has not answered by then is gone. */
const GRACE_MS = 10_000;
const COMPONENT = 'component/';
/** As ids of components are; anything else is none, and no part of a topic's name. */
const COMPONENT_ID = /^[A-Za-z][A-Za-z0-9_-]{0,127}$/;
/** Parts of frames that were not published yet, and the characters of their frames; what comes beside so many is refused. */
const MOST_WAITING = 1_000;
const MOST_CHARACTERS = 2 * MAX_MESSAGE_BYTES;

/** What a frame tells, by what it is for. */
type Told =
  | { readonly type: 'component'; readonly id: string; readonly data: JsonValue }
  | { readonly type: 'variables'; readonly fields: JsonObject };

/**
 * Stands where a screen of Tencent Cloud 图 stands: what the backend tells components goes to the elements of that id,
 * and its global fields to the variables of the screen.
 */
export class TcvSource implements Source {
  readonly topics: Source['topics'];
  readonly families: NonNullable<Source['families']>;
  readonly #config: TcvConfig;
  readonly #context: SourceContext;
  readonly #variables: TopicName;

  constructor(config: TcvConfig, context: SourceContext) {
    const { screen, expectEveryMs } = config;
    this.#config = config;
    this.#context = context;
    this.#variables = parseTopicName(`screens/${screen}/variables`);
    this.topics = [{ topic: this.#variables, kind: 'state' }];
    this.families = [
      {
        pattern: parseTopicPattern(`screens/${screen}/elements/+`),
        kind: 'state',
        ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
      },
    ];
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const { url } = this.#config;
    const { clock, outgoing } = this.#context;
    const talk = new Talk(sink);
    let link: SocketLink | undefined;
    try {
      link = await SocketLink.open({
        ...{ url, outgoing, clock, signal, tls: this.#config },
        secrets: textsOfSecrets(url, this.#config.secretKey),
        message: (data) => talk.take(String(data)),
      });
      const open = link;
      void open.lost.then((failure) => talk.end(failure));
      const stop = () => talk.end();
      signal.addEventListener('abort', stop, { once: true });
      const over = new AbortController();
      const beating = this.#introduce(open, talk, over.signal);
      try {
        await this.#publishAll(talk, sink, signal);
      } finally {
        signal.removeEventListener('abort', stop);
        over.abort();
        await beating;
      }
    } catch (failure) {
      if (!signal.aborted) throw failure;
    } finally {
      await link?.close();
    }
  }

  /** Proves who it is, and then asks for a sign of life whenever the backend has been silent. */
  async #introduce(link: SocketLink, talk: Talk, over: AbortSignal): Promise<void> {
    const { secretId, secretKey, heartbeatMs, url } = this.#config;
    const { clock } = this.#context;
    const clientId = randomUUID();
    const send = (action: string, body?: JsonObject) => {
      const frame = { version: 1, action, from: 'tidewall', timestamp: clock.now(), clientId };
      link.send(JSON.stringify(body === undefined ? frame : { ...frame, body }));
    };
    const fields = { TcvTimestamp: Math.floor(clock.now() / 1000), TcvNonce: randomInt(2 ** 47) };
    send('Connect', signTcvConnect({ secretId, secretKey }, fields));
    while (!over.aborted) {
      // Nothing answers Connect; a backend that has taken it answers this.
      const signs = link.signs;
      send('Ping');
      await pause(clock, GRACE_MS, over);
      if (over.aborted) return;
      if (link.signs === signs) {
        const why = talk.heard
          ? `has said nothing for ${heartbeatMs + GRACE_MS} ms (heartbeatMs and 10 s)`
          : 'does not answer; does it know this SecretId and its key?';
        talk.end(new TidewallError('source_error', `the TCV backend ${placeOfUrl(url)} ${why}`));
        return;
      }
      while (!over.aborted && link.silentMs < heartbeatMs) await pause(clock, heartbeatMs - link.silentMs, over);
    }
  }

  async #publishAll(talk: Talk, sink: Sink, signal: AbortSignal): Promise<void> {
    const turns = new Turns(this.#context.clock);
    for (let told = await talk.next(); told !== undefined; told = await talk.next()) {
      if (signal.aborted) return;
      await this.#publish(told, sink);
      await turns.step();
    }
    if (!signal.aborted && talk.failure !== undefined) throw talk.failure;
  }

  async #publish(told: Told, sink: Sink): Promise<void> {
    if (told.type === 'component') {
      const topic = parseTopicName(`screens/${this.#config.screen}/elements/${told.id}`);
      await publishMessage(sink, { topic, kind: 'state' }, { data: told.data }, this.#context.clock.now());
      return;
    }
    try {
      await sink.publish(this.#variables, 'merge', told.fields);
    } catch (failure) {
      if (!(failure instanceof TidewallError) || failure.kind !== 'shape_mismatch') throw failure;
      sink.refused(`UpdateGlobalField: ${failure.message}`);
    }
  }
}

/** What the backend has said and is not published yet. */
class Talk {
  readonly #sink: Sink;
  readonly #waiting: { readonly told: Told; readonly characters: number }[] = [];
  #characters = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  failure: TidewallError | undefined;
  /** Whether it has said anything at all. */
  heard = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  take(text: string): void {
    if (!this.heard) {
      this.heard = true;
      this.#sink.healthy();
    }
    const told = readFrame(text);
    if (typeof told === 'string') this.#sink.refused(told);
    else for (const each of told) this.#offer(each, text.length / told.length);
  }

  end(failure?: TidewallError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.failure = failure;
    this.#wake?.();
  }

  async next(): Promise<Told | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const first = this.#waiting.shift();
    this.#characters -= first?.characters ?? 0;
    return first?.told;
  }

  /** @param characters of its share of the frame */
  #offer(told: Told | string, characters: number): void {
    if (typeof told === 'string') {
      this.#sink.refused(told);
      return;
    }
    if (this.#waiting.length >= MOST_WAITING || this.#characters + characters > MOST_CHARACTERS) {
      this.#sink.refused('frames come faster than they can be taken in');
    } else if (!this.#ended) {
      this.#waiting.push({ told, characters });
      this.#characters += characters;
      this.#wake?.();
    }
  }
}

/** What a frame tells, each part or why it tells nothing; a text: nothing of it can be used. */
function readFrame(text: string): readonly (Told | string)[] | string {
  let frame: JsonValue;
  try {
    frame = parseJson(text);
  } catch (failure) {
    return `a frame is not JSON: ${(failure as Error).message}`;
  }
  if (!isJsonObject(frame)) return 'a frame is no object';
  const { action, body } = frame;
  switch (action) {
    case 'Pong':
    case 'Ping':
      return [];
    case 'UpdateGlobalField':
      return isJsonObject(body) ? [{ type: 'variables', fields: body }] : 'UpdateGlobalField has no object as its body';
    case 'UpdateComponentData':
      return Array.isArray(body) ? body.map(readComponent) : 'UpdateComponentData has no list as its body';
    default:
      return `there is no action ${JSON.stringify(action)?.slice(0, 60)}`;
  }
}

function readComponent(part: JsonValue): Told | string {
  if (!isJsonObject(part) || typeof part['id'] !== 'string') return 'a part of UpdateComponentData has no id';
  const { id, data } = part;
  const bare = id.startsWith(COMPONENT) ? id.slice(COMPONENT.length) : id;
  if (!COMPONENT_ID.test(bare)) return `${JSON.stringify(id.slice(0, 60))} is no id of a component`;
  return data === undefined ? `the part of ${bare} has no data` : { type: 'component', id: bare, data };
}
