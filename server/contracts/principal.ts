import type { Filter, TopicName } from '@tidewall/protocol';

/** Who asks. Gateways establish it, the hub decides by it. */
export interface Principal {
  readonly id: string;
  readonly roles: readonly string[];
}

/** What may be done to a topic. */
export type Action = 'read' | 'publish' | 'history' | 'presence';

/** What somebody may do, and how much of the topic they may see: both are joined by *and* to what they ask for. */
export interface Permission {
  readonly filter?: Filter;
  readonly fields?: readonly string[];
}

/** Decides who may do what; called once for each operation, never for a delivery. */
export interface Access {
  /** Undefined: it is not allowed. */
  permit(principal: Principal, action: Action, topic: TopicName): Permission | undefined;
}
