import { type Clock, systemClock } from '@tidewall/base';
import type { Following, FollowOptions, LinkStatus, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import { type PushFrame, TidewallError } from '@tidewall/protocol';
import type { Client } from '../client.ts';
import { placeAfter } from '../place-after.ts';
import { Leader } from './leader.ts';
import type { Announcement, Call, Message, Request, TabChannel, TabLocks } from './messages.ts';
import { type RemoteReplica, RemoteReplicas } from './remote-replica.ts';
import { callOn, TabCalls } from './tab-calls.ts';

/** What a tab has of a connection that it may share: all of a client but the counts of the link. */
export type SharedClient = Omit<Client, 'counts'>;

export interface SharedClientOptions {
  /** Tabs of one origin that give the same name share a connection: one for each server and user. */
  readonly name: string;
  /** Makes the connection; called in the tab that leads. */
  create(): Client;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** The platform's own when absent. */
  readonly locks?: TabLocks | undefined;
  readonly openChannel?: ((name: string) => TabChannel) | undefined;
  /** Hears what a callback of this page threw, and why a connection cannot be made. */
  readonly failed?: (failure: unknown) => void;
}

/**
 * A client that shares one connection with the other tabs of this page's origin: one tab leads and has it, the others follow
 * and ask through it. When the leading tab is gone another one connects, and each tab goes on with what it follows; a
 * publication that was under way then rejects as after a broken link.
 *
 * Where the platform has no locks or channels between tabs, the tab has a connection of its own.
 */
export function createSharedClient(options: SharedClientOptions): SharedClient {
  const { locks = platformLocks(), openChannel = platformChannels() } = options;
  if (locks === undefined || openChannel === undefined) return options.create();
  return new TabClient(options, locks, openChannel(`tidewall:${options.name}`));
}

/** What one part of the page follows. */
interface Want {
  readonly topic: string;
  options: FollowOptions;
  readonly changed: ((replica: TopicReplica) => void) | undefined;
  readonly pushed: ((push: PushFrame, replica: TopicReplica) => void) | undefined;
  readonly replicas: RemoteReplicas;
  /** While this tab leads. */
  following: Following | undefined;
}

/*
 *               the lock is had
 *   following ────────────────────▶ leading
 *       │ close                        │ close
 *       └───────────▶ closed ◀─────────┘
 */
class TabClient implements SharedClient {
  readonly #options: SharedClientOptions;
  readonly #clock: Clock;
  readonly #locks: TabLocks;
  readonly #channel: TabChannel;
  readonly #tab: string;
  readonly #wants = new Map<number, Want>();
  readonly #calls: TabCalls;
  readonly #listeners = new Set<(status: LinkStatus) => void>();
  #leader: Leader | undefined;
  #endStatus: (() => void) | undefined;
  #status: LinkStatus = { type: 'connecting', attempt: 0 };
  #serverOffsetMs = 0;
  /** Whether others know that this tab lives, and one of them leads. */
  #alive = false;
  #led = false;
  #ids = 0;
  #mostHz: number | undefined;
  /** Commands of this tab that have no end yet. */
  readonly #underWay = new Set<Promise<unknown>>();
  #draining = false;
  #closed = false;
  /** Lets the locks go. */
  #release: () => void = () => {};

  constructor(options: SharedClientOptions, locks: TabLocks, channel: TabChannel) {
    const { clock = systemClock, random = Math.random } = options;
    this.#options = options;
    this.#clock = clock;
    this.#tab = `${random().toString(36).slice(2)}${random().toString(36).slice(2)}`;
    this.#calls = new TabCalls(clock, (id, call, args) => this.#ask({ type: 'call', tab: this.#tab, id, call, args }));
    this.#locks = locks;
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#hear(data);
    const over = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    // Held before anybody is asked, so that whoever leads can wait for its end.
    void this.#hold(this.#lockOf(this.#tab), () => {
      this.#alive = true;
      if (!this.#leader && !this.#closed) channel.postMessage({ type: 'hello', tab: this.#tab });
      return over;
    });
    void this.#hold(`tidewall:${options.name}`, () => {
      if (!this.#closed) this.#lead();
      return over;
    });
  }

  get status(): LinkStatus {
    return this.#leader?.client.status ?? this.#status;
  }

  onStatus(changed: (status: LinkStatus) => void): () => void {
    const listener = (status: LinkStatus) => changed(status);
    this.#listeners.add(listener);
    this.#guarded(() => listener(this.status));
    return () => void this.#listeners.delete(listener);
  }

  serverNow(): number {
    return this.#leader?.client.serverNow() ?? this.#clock.now() + this.#serverOffsetMs;
  }

  follow<Value>(topic: string, options: FollowOptions, changed: (replica: TopicReplica<Value>) => void): Following {
    return this.#want({ topic, options, changed: changed as Want['changed'], pushed: undefined });
  }

  watch<Value>(
    topic: string,
    options: FollowOptions,
    pushed: (push: PushFrame, replica: TopicReplica<Value>) => void,
  ): Following {
    return this.#want({ topic, options, changed: undefined, pushed: pushed as Want['pushed'] });
  }

  pace(mostHz?: number): void {
    this.#mostHz = mostHz;
    for (const [id, want] of this.#wants) this.#setRate(id, want);
  }

  publish: Client['publish'] = (...args) => this.#call('publish', args);
  history: Client['history'] = (...args) => this.#call('history', args);
  presence: Client['presence'] = (...args) => this.#call('presence', args);

  online(): void {
    // The tab that leads hears it from its own page.
    this.#leader?.client.online();
  }

  async drain(): Promise<void> {
    this.#draining = true;
    await Promise.allSettled(this.#underWay);
    this.close();
  }

  close(): void {
    this.#end('closed by its owner');
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of [...this.#wants.keys()]) this.#unwant(id);
    this.#calls.close();
    this.#endStatus?.();
    this.#leader?.close();
    this.#release();
    this.#channel.close();
    this.#tell({ type: 'closed', code: 1000, reason });
    this.#listeners.clear();
  }

  // --- roles

  #lead(): void {
    let client: Client;
    try {
      ({ client } = this.#make());
    } catch (failure) {
      // There is nobody to throw it to. The next tab may do better.
      this.#end(failure instanceof Error ? failure.message : String(failure));
      this.#failed(failure);
      return;
    }
    this.#endStatus = client.onStatus((status) => this.#tell(status));
    for (const [id, want] of this.#wants) {
      want.following = followOn(client, want);
      this.#slow(id, want);
    }
    this.#calls.carryOut(client);
  }

  #make(): Leader {
    const client = this.#options.create();
    const lockOf = (tab: string) => this.#lockOf(tab);
    this.#leader = new Leader({ client, channel: this.#channel, locks: this.#locks, lockOf });
    return this.#leader;
  }

  #hear(message: Message): void {
    if (this.#leader !== undefined) {
      if ('tab' in message) this.#leader.take(message);
    } else if (message.type === 'leads') this.#follows(message);
    else if ('to' in message && message.to === this.#tab) this.#heard(message);
  }

  /** Another tab leads. When it has only begun to, or this one has, it knows nothing of what is followed here. */
  #follows({ first, status, serverNow }: Extract<Announcement, { readonly type: 'leads' }>): void {
    this.#serverOffsetMs = serverNow - this.#clock.now();
    this.#tell(status);
    // It says so once more when it is told of this tab.
    if (!this.#alive) return;
    const isNew = first || !this.#led;
    this.#led = true;
    if (isNew) {
      for (const [id, want] of this.#wants) {
        this.#askFor(id, want);
        this.#slow(id, want);
      }
    }
    this.#calls.led(first);
  }

  #heard(message: Exclude<Announcement, { readonly type: 'leads' }>): void {
    const want = this.#wants.get(message.id);
    switch (message.type) {
      case 'answer':
        this.#calls.answered(message.id, message.value);
        break;
      case 'refusal':
        this.#calls.refused(message.id, message.error);
        break;
      case 'pushed':
        if (want) this.#pushed(want, message.push, want.replicas.take(message.held));
        break;
      case 'held':
        this.#serverOffsetMs = message.serverNow - this.#clock.now();
        if (want) {
          const replica = want.replicas.take(message.held);
          this.#guarded(() => want.changed?.(replica));
        }
    }
  }

  #pushed({ pushed }: Want, push: PushFrame, replica: RemoteReplica): void {
    if (isNew(replica, push)) this.#guarded(() => pushed?.(push, replica));
  }

  // --- what is followed

  #want(given: Pick<Want, 'topic' | 'options' | 'changed' | 'pushed'>): Following {
    const id = ++this.#ids;
    const want: Want = { ...given, replicas: new RemoteReplicas(), following: undefined };
    if (!this.#closed) {
      this.#wants.set(id, want);
      if (this.#leader) want.following = followOn(this.#leader.client, want);
      else this.#askFor(id, want);
      this.#slow(id, want);
    }
    return Object.assign(() => this.#unwant(id), {
      configure: ({ rateHz }: { readonly rateHz: number | undefined }) => {
        want.options = { ...want.options, rateHz };
        this.#setRate(id, want);
      },
    });
  }

  /** What was asked for as it is meant, so that it is shared, comes slower where this tab is paced. */
  #slow(id: number, want: Want): void {
    if (this.#mostHz !== undefined) this.#setRate(id, want);
  }

  #setRate(id: number, want: Want): void {
    const rate = Math.min(want.options.rateHz ?? Infinity, this.#mostHz ?? Infinity);
    const rateHz = rate < Infinity ? rate : undefined;
    want.following?.configure({ rateHz });
    if (!this.#leader) this.#ask({ type: 'configure', tab: this.#tab, id, rateHz });
  }

  #unwant(id: number): void {
    const want = this.#wants.get(id);
    if (want === undefined) return;
    this.#wants.delete(id);
    want.following?.();
    if (!this.#leader) this.#ask({ type: 'unfollow', tab: this.#tab, id });
  }

  #askFor(id: number, want: Want): void {
    const { topic, pushed } = want;
    this.#ask({ type: 'follow', tab: this.#tab, id, topic, options: resuming(want), pushes: pushed !== undefined });
  }

  #call<Answer>(call: Call, args: readonly unknown[]): Promise<Answer> {
    if (this.#closed || this.#draining) {
      const message = `the ${call} command was not sent: the client is ${this.#closed ? 'closed' : 'closing'}`;
      return Promise.reject(new TidewallError('not_available', message, { detail: { outcome: 'not_sent' } }));
    }
    const answer = this.#carryOut<Answer>(call, args);
    const end = () => void this.#underWay.delete(answer);
    this.#underWay.add(answer);
    answer.then(end, end);
    return answer;
  }

  #carryOut<Answer>(call: Call, args: readonly unknown[]): Promise<Answer> {
    if (this.#leader) return callOn(this.#leader.client, call, args);
    // An option that is given as undefined would arrive as null.
    return this.#calls.add(
      ++this.#ids,
      call,
      args.filter((arg, i) => arg !== undefined || i < 2),
    );
  }

  /** False while nobody leads, or nobody would notice this tab's end: it is asked again then. */
  #ask(request: Request): boolean {
    if (this.#leader || this.#closed || !this.#led || !this.#alive) return false;
    this.#channel.postMessage(plain(request));
    return true;
  }

  #tell(status: LinkStatus): void {
    this.#status = status;
    for (const listener of this.#listeners) this.#guarded(() => listener(status));
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #failed(failure: unknown): void {
    try {
      this.#options.failed?.(failure);
    } catch {
      // Whoever reports failures has nowhere to report its own.
    }
  }

  #lockOf(tab: string): string {
    return `tidewall:${this.#options.name}:${tab}`;
  }

  async #hold(name: string, held: () => Promise<void>): Promise<void> {
    try {
      await this.#locks.request(name, {}, held);
    } catch {
      // A page that is going away cannot have locks any more.
    }
  }
}

function followOn(client: Client, want: Want): Following {
  const { topic, changed, pushed } = want;
  const options = resuming(want);
  return pushed ? client.watch(topic, options, pushed) : client.follow(topic, options, changed ?? (() => {}));
}

/** What is asked of a new leader: the entries of a log go on where the old one has told them. */
function resuming({ topic, options, pushed, replicas }: Want): FollowOptions {
  const { kind, position, told } = replicas.of(topic) ?? {};
  const since = pushed ? told : position;
  return kind === 'log' && since ? { ...options, since } : options;
}

/** False for an entry that was told before: the last words of the old leader may come after the first of the new one. */
function isNew(replica: RemoteReplica, push: PushFrame): boolean {
  const after = placeAfter(push, replica);
  if (replica.kind !== 'log' || !after) return true;
  if (replica.told?.epoch === after.epoch && replica.told.offset >= after.offset) return false;
  replica.told = after;
  return true;
}

/** As it would go over the wire: what frameworks wrap cannot be cloned. */
function plain(request: Request): Request {
  return JSON.parse(JSON.stringify(request)) as Request;
}

interface Platform {
  readonly navigator?: { readonly locks?: TabLocks };
  readonly BroadcastChannel?: new (name: string) => TabChannel;
}

function platformLocks(): TabLocks | undefined {
  return (globalThis as Platform).navigator?.locks;
}

function platformChannels(): ((name: string) => TabChannel) | undefined {
  const { BroadcastChannel: Channel } = globalThis as Platform;
  return Channel && ((name) => new Channel(name));
}
