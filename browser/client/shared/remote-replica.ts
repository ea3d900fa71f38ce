import type { TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { Since } from '@tidewall/protocol';
import type { HeldState } from './messages.ts';

/** Topics of one follower that are remembered; of a pattern there may be ever others. */
export const MAX_REMOTE = 1_024;

/** What another tab holds of a topic, as last told. */
export class RemoteReplica implements TopicReplica {
  held: HeldState;
  /** Up to where its pushes have been told. */
  told: Since | undefined;

  constructor(held: HeldState) {
    this.held = held;
  }

  get topic() {
    return this.held.topic;
  }

  get position() {
    return this.held.position;
  }

  get kind() {
    return this.held.kind;
  }

  get revision() {
    return this.held.revision;
  }

  get asOf() {
    return this.held.asOf;
  }

  get freshness() {
    return this.held.freshness;
  }

  get lost() {
    return this.held.lost;
  }

  get refused() {
    return this.held.refused;
  }

  get presence() {
    return this.held.presence;
  }

  value() {
    return this.held.value;
  }
}

/** What a follower has been told of each topic, of the newest so many. */
export class RemoteReplicas {
  readonly #byTopic = new Map<string, RemoteReplica>();

  of(topic: string): RemoteReplica | undefined {
    return this.#byTopic.get(topic);
  }

  /** Takes in what is held now. */
  take(held: HeldState): RemoteReplica {
    const replica = this.of(held.topic) ?? new RemoteReplica(held);
    replica.held = held;
    // The one that was told of last is the last to be forgotten.
    this.#byTopic.delete(held.topic);
    this.#byTopic.set(held.topic, replica);
    const [oldest] = this.#byTopic.keys();
    if (this.#byTopic.size > MAX_REMOTE && oldest !== undefined) this.#byTopic.delete(oldest);
    return replica;
  }
}
