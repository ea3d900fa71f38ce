import type { TopicName } from '@tidewall/protocol';

/** Who asks. Gateways establish it, the hub decides by it. */
export interface Principal {
  readonly id: string;
  readonly roles: readonly string[];
}

/** What may be done to a topic. */
export type Action = 'read' | 'publish' | 'history';

/** Decides who may do what; called once for each operation, never for a delivery. */
export interface Access {
  may(principal: Principal, action: Action, topic: TopicName): boolean;
}
