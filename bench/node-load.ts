import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { passing } from './contender.ts';
import type { LoadClient, LoadOptions, RunOptions, RunResult } from './load-client.ts';
import { cpuNs, residentKbNow } from './process-cost.ts';
import { RawWebSocket } from './raw-web-socket.ts';
import { MARKER, NUMBER, TOPIC, upgrade } from './wire.ts';

const FIRST_NUMBER = 1_000_000_000;
const SETTLE_MS = 500;
const DRAIN_MS = 5000;
const ONLY_NATIVE = 'this needs the load client in C: install gcc';

/**
 * Clients in this process, for where nothing can compile the better ones: their own cost is above that of a good server,
 * so that they hide it. They can only be published to.
 */
export class NodeLoad implements LoadClient {
  readonly #options: LoadOptions;
  readonly #audience: Subscriber[] = [];
  readonly #topics: number;
  /** Topic by topic, how many follow it. */
  readonly #followers: number[];
  /** Publication by publication: who has not got it, and when it left. */
  readonly #awaited: number[] = [];
  readonly #sentAt: number[] = [];
  readonly #publication: Buffer;
  #publisher: Socket | undefined;
  #finished = 0;
  #latenciesUs: number[] | undefined;
  #deliveries = 0;
  #bytes = 0;
  #frames = 0;
  #advance: () => void = () => {};

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#topics = options.topics ?? 1;
    this.#followers = new Array<number>(this.#topics).fill(0);
    this.#publication = options.wire.publication(options.payload);
  }

  async connect(): Promise<{ readonly ms: number }> {
    const { wire, server, clients, topicsPerClient = 1 } = this.#options;
    if (wire.lines) throw new Error(ONLY_NATIVE);
    const begun = performance.now();
    for (let i = 0; i < clients; i++) {
      const socket = await RawWebSocket.open(server.port, upgrade(wire.path, wire));
      const subscriber = new Subscriber(socket, (i * topicsPerClient) % this.#topics, topicsPerClient, this.#topics);
      this.#audience.push(subscriber);
      for (const topic of subscriber.followed) this.#followers[topic] = (this.#followers[topic] ?? 0) + 1;
      const follow = () => {
        socket.receive = (payload) => this.#take(subscriber, payload);
        for (const topic of subscriber.followed) if (wire.subscribe) socket.send(filled(wire.subscribe, TOPIC, topic));
      };
      const greeting = typeof wire.greeting === 'function' ? wire.greeting(i) : wire.greeting;
      if (greeting !== undefined) socket.send(greeting);
      if (wire.greetedBy === undefined) follow();
      else socket.receive = (payload) => payload.includes(wire.greetedBy ?? '') && follow();
    }
    const ms = performance.now() - begun;
    const publisherPort = wire.publisher.port === 'own' ? server.publisherPort : server.port;
    this.#publisher = connect({ port: publisherPort, host: '127.0.0.1', noDelay: true });
    await once(this.#publisher, 'connect');
    for (const bytes of wire.publisher.says) {
      this.#publisher.write(bytes);
      await once(this.#publisher, 'data');
    }
    this.#publisher.on('error', () => {});
    this.#publisher.resume();
    await passing(SETTLE_MS);
    return { ms };
  }

  async run({ inFlight, burst, rate, warmUpMs, measureMs, stallClients }: RunOptions): Promise<RunResult> {
    if (stallClients) throw new Error(ONLY_NATIVE);
    for (const subscriber of this.#audience) subscriber.lost = subscriber.doubled = 0;
    const [base, begun] = [this.#awaited.length, performance.now()];
    let going = true;
    this.#advance = () => {
      while (this.#finished < this.#awaited.length && this.#awaited[this.#finished] === 0) this.#finished++;
      if (!going || rate !== undefined) return;
      const published = this.#awaited.length;
      const limit = burst === undefined ? this.#finished + (inFlight ?? 1) : this.#finished + burst;
      if (burst !== undefined && this.#finished < published) return;
      for (let n = published; n < limit; n++) this.#publish(performance.now());
    };
    this.#advance();
    const timer = rate === undefined ? undefined : setInterval(() => this.#publishDue(base, begun, rate), 1);
    await passing(warmUpMs);
    const before = { ...this.#counters(), cpuNs: cpuNs(this.#options.server.pids), own: process.cpuUsage() };
    const [startedAt, residentBeforeKb] = [performance.now(), residentKbNow(this.#options.server.pids)];
    const latenciesUs: number[] = [];
    this.#latenciesUs = latenciesUs;
    await passing(measureMs);
    this.#latenciesUs = undefined;
    const [seconds, after, own] = [
      (performance.now() - startedAt) / 1000,
      { ...this.#counters(), cpuNs: cpuNs(this.#options.server.pids) },
      process.cpuUsage(before.own),
    ];
    const behind = this.#outstanding();
    going = false;
    clearInterval(timer);
    for (const until = performance.now() + DRAIN_MS; this.#outstanding() > 0 && performance.now() < until; ) {
      await passing(10);
    }
    await passing(100);
    latenciesUs.sort((a, b) => a - b);
    const quantile = (q: number) => latenciesUs[Math.floor(latenciesUs.length * q)] ?? 0;
    const sum = (count: (subscriber: Subscriber) => number) =>
      this.#audience.reduce((total, subscriber) => total + count(subscriber), 0);
    return {
      seconds,
      publications: after.published - before.published,
      deliveries: after.deliveries - before.deliveries,
      cpuNs: after.cpuNs - before.cpuNs,
      systemShare: Number.NaN,
      clientCpuNs: (own.user + own.system) * 1000,
      p50Us: quantile(0.5),
      p99Us: quantile(0.99),
      maxUs: latenciesUs.at(-1) ?? 0,
      wireBytes: after.bytes - before.bytes,
      frames: after.frames - before.frames,
      behind,
      lost: sum(({ lost }) => lost) + this.#outstanding(),
      doubled: sum(({ doubled }) => doubled),
      closed: sum(({ socket }) => (socket.closed ? 1 : 0)),
      stuck: after.deliveries === before.deliveries,
      residentBeforeKb,
      residentPeakKb: residentKbNow(this.#options.server.pids),
      othersCores: 0,
      stalled: { received: 0, missed: 0, doubled: 0, closed: 0 },
    };
  }

  publish(): Promise<never> {
    return Promise.reject(new Error(ONLY_NATIVE));
  }

  cut(): Promise<never> {
    return Promise.reject(new Error(ONLY_NATIVE));
  }

  reconnect(): Promise<never> {
    return Promise.reject(new Error(ONLY_NATIVE));
  }

  close(): Promise<void> {
    for (const { socket } of this.#audience) socket.destroy();
    this.#publisher?.destroy();
    return Promise.resolve();
  }

  #counters() {
    return { published: this.#awaited.length, deliveries: this.#deliveries, bytes: this.#bytes, frames: this.#frames };
  }

  #publishDue(base: number, begun: number, rate: number): void {
    for (;;) {
      const dueAt = begun + ((this.#awaited.length - base) * 1000) / rate;
      if (dueAt > performance.now()) return;
      this.#publish(dueAt);
    }
  }

  #publish(at: number): void {
    const n = this.#awaited.length;
    const topic = n % this.#topics;
    this.#awaited.push(this.#followers[topic] ?? 0);
    this.#sentAt.push(at);
    this.#publisher?.write(filled(filled(this.#publication, NUMBER, FIRST_NUMBER + n), TOPIC, topic));
  }

  #take(subscriber: Subscriber, payload: Buffer): void {
    this.#bytes += payload.length;
    this.#frames++;
    const { refusal } = this.#options.wire;
    let at = payload.indexOf(MARKER);
    if (at < 0 && refusal !== undefined && payload.includes(refusal)) {
      throw new Error(`a client was refused: ${payload.toString('utf8', 0, 300)}`);
    }
    for (; at >= 0; at = payload.indexOf(MARKER, at + MARKER.length + NUMBER.length)) {
      const start = at + MARKER.length;
      const n = Number(payload.toString('latin1', start, start + NUMBER.length)) - FIRST_NUMBER;
      for (const missed of subscriber.take(n)) this.#awaited[missed] = (this.#awaited[missed] ?? 0) - 1;
      if (!subscriber.isNew) continue;
      this.#deliveries++;
      this.#awaited[n] = (this.#awaited[n] ?? 0) - 1;
      this.#latenciesUs?.push((performance.now() - (this.#sentAt[n] ?? 0)) * 1000);
    }
    this.#advance();
  }

  #outstanding(): number {
    return this.#awaited.slice(this.#finished).reduce((sum, count) => sum + count, 0);
  }
}

/** What one client follows, and the publication that must come next of each topic. */
class Subscriber {
  readonly socket: RawWebSocket;
  readonly followed: readonly number[];
  readonly #next: Map<number, number>;
  readonly #topics: number;
  lost = 0;
  doubled = 0;
  /** Whether the last one taken had not come before. */
  isNew = false;

  constructor(socket: RawWebSocket, first: number, count: number, topics: number) {
    this.socket = socket;
    this.followed = Array.from({ length: count }, (_, i) => (first + i) % topics);
    this.#next = new Map(this.followed.map((topic) => [topic, topic]));
    this.#topics = topics;
  }

  /** Takes publication `n`; the ones that should have come before it. */
  take(n: number): readonly number[] {
    const topic = n % this.#topics;
    const due = this.#next.get(topic);
    if (due === undefined) throw new Error(`a client got topic ${topic}, which it does not follow`);
    this.isNew = n >= due;
    if (!this.isNew) {
      this.doubled++;
      return [];
    }
    this.#next.set(topic, n + this.#topics);
    const missed: number[] = [];
    for (let each = due; each < n; each += this.#topics) missed.push(each);
    this.lost += missed.length;
    return missed;
  }
}

/** The bytes with a number in the place of each placeholder. */
function filled(bytes: Buffer, placeholder: string, number: number): Buffer {
  const copy = Buffer.from(bytes);
  const digits = String(number).padStart(placeholder.length, '0');
  for (let at = copy.indexOf(placeholder); at >= 0; at = copy.indexOf(placeholder, at))
    copy.write(digits, at, 'latin1');
  return copy;
}
