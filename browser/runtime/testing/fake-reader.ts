import type { JsonValue } from '@tidewall/base';
import type { Following, FollowOptions, LinkStatus, TopicReader, TopicReplica } from '@tidewall/browser-contracts';
import type { Freshness, TopicKind } from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';

type Value = JsonValue | TimeColumns | undefined;

/** A topic that a test writes. */
export class FakeReplica implements TopicReplica {
  readonly topic: string;
  position: undefined;
  kind: TopicKind | undefined = 'state';
  revision = 0;
  asOf = 0;
  freshness: Freshness = { state: 'quiet', asOf: 0 };
  lost = 0;
  refused: { name: string; message: string } | undefined;
  presence: undefined;
  current: Value;
  /** How often somebody looked. */
  reads = 0;

  constructor(topic: string) {
    this.topic = topic;
  }

  value(): Value {
    this.reads++;
    return this.current;
  }

  set(value: Value, asOf: number): void {
    this.current = value;
    this.asOf = asOf;
    this.revision++;
  }
}

/** Topics, a link and a clock that a test moves. */
export class FakeReader implements TopicReader {
  status: LinkStatus = { type: 'live', session: 's1', since: 0, recovered: true };
  time: number;
  readonly follows: { topic: string; options: FollowOptions }[] = [];
  #replicas = new Map<string, FakeReplica>();
  #followers = new Map<string, Set<(replica: TopicReplica) => void>>();
  #statusWatchers = new Set<(status: LinkStatus) => void>();

  constructor(time: number) {
    this.time = time;
  }

  /** How many callbacks are still held. */
  get held(): number {
    return this.#statusWatchers.size + [...this.#followers.values()].reduce((sum, set) => sum + set.size, 0);
  }

  replica(topic: string): FakeReplica {
    const replica = this.#replicas.get(topic) ?? new FakeReplica(topic);
    this.#replicas.set(topic, replica);
    return replica;
  }

  follow(topic: string, options: FollowOptions, changed: (replica: TopicReplica) => void): Following {
    this.follows.push({ topic, options });
    const followers = this.#followers.get(topic) ?? new Set();
    this.#followers.set(topic, followers.add(changed));
    const replica = this.replica(topic);
    if (replica.revision > 0) changed(replica);
    return Object.assign(() => void followers.delete(changed), { configure() {} });
  }

  /** Publishes, at the reader's time unless another is given. */
  publish(topic: string, value: Value, asOf = this.time): void {
    const replica = this.replica(topic);
    replica.set(value, asOf);
    this.tell(topic);
  }

  tell(topic: string): void {
    for (const changed of this.#followers.get(topic) ?? []) changed(this.replica(topic));
  }

  onStatus(changed: (status: LinkStatus) => void): () => void {
    this.#statusWatchers.add(changed);
    changed(this.status);
    return () => this.#statusWatchers.delete(changed);
  }

  setStatus(status: LinkStatus): void {
    this.status = status;
    for (const changed of this.#statusWatchers) changed(status);
  }

  serverNow(): number {
    return this.time;
  }
}
