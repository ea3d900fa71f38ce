import type { TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { HeldState } from './messages.ts';

/** What another tab holds of a topic, as last told. */
export class RemoteReplica implements TopicReplica {
  held: HeldState;

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
