import type { JsonObject } from '@tidewall/base';
import type { Following, FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { TidewallError } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { expect } from 'vitest';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { type ScriptedLink, ScriptedServer } from './scripted-server.contract.ts';

/** What a follower was told. */
export interface Seen {
  calls: number;
  /** The newest that it was told of, and all of them by their topics. */
  replica: TopicReplica | undefined;
  readonly replicas: Map<string, TopicReplica>;
  stop: Following;
}

/** A client, its clock, and a server that says what a test has it say. */
export class ClientBed {
  readonly clock = new FakeClock();
  readonly server = new ScriptedServer();
  readonly #clients: Client[] = [];

  /** The client that was started last. */
  get client(): Client {
    const client = this.#clients.at(-1);
    if (client === undefined) throw new Error('the bed has started no client');
    return client;
  }

  get link(): ScriptedLink {
    return this.server.link;
  }

  start(options: Partial<ClientOptions> = {}): Client {
    const { server, clock } = this;
    this.#clients.push(
      createClient({ url: 'http://hall:7070/', transports: [server], clock, random: () => 0.5, ...options }),
    );
    return this.client;
  }

  /** Follows, and counts the calls. */
  follow(topic: string, options: FollowOptions = {}): Seen {
    const stop = this.client.follow(topic, options, (replica) => {
      seen.calls += 1;
      seen.replica = replica;
      seen.replicas.set(replica.topic, replica);
    });
    const seen: Seen = { calls: 0, replica: undefined, replicas: new Map(), stop };
    return seen;
  }

  /** Live, following the topic, and accepted with this reply. */
  async followed(topic: string, reply: JsonObject, options: FollowOptions = {}): Promise<Seen> {
    this.link.greets();
    const seen = this.follow(topic, options);
    await this.clock.advance(0);
    this.link.says(this.link.accepted(reply));
    return seen;
  }

  /** The link breaks, and the next one is greeted. */
  async reconnect(): Promise<void> {
    const { links } = this.server;
    const before = links.length;
    this.link.closes(1006);
    while (links.length === before) await this.clock.advance(250);
    this.link.greets();
  }

  /** Refuses the newest command of that name. */
  refuses(command: string, name: string, detail: JsonObject = {}): void {
    this.link.says({ id: this.link.command(command).id, ...refusal(name, 100, false, 0, detail) });
  }

  /** Closes every client, and checks that none has left a timer. */
  async close(): Promise<void> {
    for (const one of this.#clients.splice(0)) one.close();
    await this.clock.advance(0);
    expect(this.clock.pending).toBe(0);
  }
}

export function refusal(
  name: string,
  code: number,
  retryable: boolean,
  afterMs = 0,
  detail: JsonObject = {},
): JsonObject {
  return { error: { code, name, message: `refused: ${name}`, retryable, afterMs, detail } };
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<TidewallError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TidewallError);
  return error as TidewallError;
}

export const STATE = { kind: 'state', epoch: 'e1', offset: 5 };
export const LOG = { kind: 'log', epoch: 'e1', offset: 5 };
