import type { JsonObject } from '@tidewall/base';
import type { GatewayContext, Principal } from '@tidewall/contracts';
import { type CloseName, parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import type { EndedViews } from '../json/ended-views.ts';
import { Followings } from '../json/followings.ts';
import type { JsonConversation, JsonPeer } from '../json/json-peer.ts';
import type { NativeWire } from '../native/index.ts';
import { type AnswerEncodings, answerHead, answerText } from './service-encoding.ts';

/** What all clients of the gateway share. */
export interface Service {
  readonly context: GatewayContext;
  readonly encodings: AnswerEncodings;
  readonly endedViews: EndedViews;
  /** Whether an answer is sent again whenever its topic changes. */
  readonly live: boolean;
  readonly rateHz: number;
  topicOf(name: unknown): TopicName;
}

export interface ServiceClient {
  readonly wire: NativeWire;
  readonly principal: Principal;
  /** What follows the gateway's path: clients with the same are a group. */
  readonly group: string;
}

/** One page with a SocketService: `getData` is answered, and all else is said to its whole group. */
export class ServiceConversation implements JsonConversation {
  readonly #service: Service;
  readonly #client: ServiceClient;
  readonly #peer: JsonPeer;
  /** Answers that are sent again when their topics change, by how they begin. */
  readonly #live = new Set<string>();
  readonly #started: Promise<void>;
  #echo: TopicName | undefined;
  #followings: Followings | undefined;
  #ended = false;

  constructor(service: Service, client: ServiceClient, peer: JsonPeer) {
    this.#service = service;
    this.#client = client;
    this.#peer = peer;
    this.#started = this.#start();
  }

  async take(frame: JsonObject, text: string): Promise<void> {
    await this.#started;
    if (this.#ended || this.#echo === undefined) return;
    const { action } = frame;
    if (typeof action !== 'string') throw new TidewallError('bad_request', 'a frame needs an action');
    if (action === 'getData') return this.#getData(frame);
    const { hub } = this.#service.context;
    await hub.publish(this.#client.principal, { topic: this.#echo, kind: 'signal', op: 'emit', data: text });
  }

  drained(): void {
    this.#followings?.drained();
  }

  ended(): void {
    this.#ended = true;
    this.#followings?.end();
    for (const head of this.#live) this.#service.encodings.giveBack(head);
    this.#live.clear();
  }

  async #start(): Promise<void> {
    // One that is sent away at once never reaches the hub: its wire is told so before this goes on.
    await Promise.resolve();
    if (this.#ended) return;
    const { context, endedViews } = this.#service;
    const { wire, principal, group } = this.#client;
    const refuse = (failure: unknown) => wire.close(closeNameOf(failure), reasonOf(failure));
    try {
      const echo = echoTopic(group);
      this.#followings = new Followings(context.hub.open(principal, wire), endedViews, refuse);
      await this.#followings.follow({ topic: echo, kind: 'signal' });
      this.#echo = echo;
    } catch (failure) {
      if (!(failure instanceof TidewallError)) {
        context.log.error({ err: failure, gateway: 'koa-socket' }, 'a client could not be let in');
      }
      refuse(failure);
    }
  }

  async #getData(frame: JsonObject): Promise<void> {
    const { topicOf, live, rateHz, encodings } = this.#service;
    const topic = topicOf(frame['chartName']);
    const head = answerHead(frame);
    if (!live || this.#live.has(head)) return this.#answer(topic, head);
    this.#live.add(head);
    try {
      const reply = await this.#followings?.follow({ topic, whole: 'kept', rateHz, encoding: encodings.take(head) });
      // It is answered when there is something to answer; a page's chart would fail at anything else.
      if (reply !== undefined && 'offset' in reply && reply.offset === 0) throw nothingThere(topic);
    } catch (failure) {
      if ((failure as TidewallError).kind !== 'unknown_topic' && this.#live.delete(head)) encodings.giveBack(head);
      throw failure;
    }
  }

  async #answer(topic: TopicName, head: string): Promise<void> {
    const { json } = await this.#service.context.hub.snapshot(this.#client.principal, topic);
    if (json === undefined) throw nothingThere(topic);
    this.#peer.send(answerText(head, json));
  }
}

/** The topic that the clients of one group hear each other on; a program may publish to it, too. */
export function echoTopic(group: string): TopicName {
  let name: string;
  try {
    name = decodeURIComponent(group);
  } catch {
    throw new TidewallError('bad_request', `${JSON.stringify(group.slice(0, 100))} is not percent-encoded text`);
  }
  return parseTopicName(`socket-service${name}/echo`);
}

function nothingThere(topic: TopicName): TidewallError {
  return new TidewallError('unknown_topic', `nothing has been published to ${topic} yet`);
}

function closeNameOf(failure: unknown): CloseName {
  if (!(failure instanceof TidewallError)) return 'internal';
  switch (failure.kind) {
    case 'limit_exceeded':
      return 'connection_limit';
    case 'permission_denied':
      return 'permission';
    case 'bad_request':
      return 'bad_frame';
    default:
      return 'state_invalidated';
  }
}

function reasonOf(failure: unknown): string {
  return failure instanceof TidewallError ? failure.message : 'the server failed; it has logged why';
}
