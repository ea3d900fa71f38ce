import type { Broker } from '@tidewall/contracts';

/** A broker that works, and what is behind it. */
export interface OpenedBroker {
  readonly broker: Broker;
  /** Closes it and opens another on what it has kept; for brokers that outlive their process. */
  reopen?(): Promise<Broker>;
  /** Closes the broker that is open now, and removes everything. */
  dispose(): Promise<void>;
}

/** What a broker's folder gives the contract suite, as `broker.contract.ts`. */
export interface BrokerCase {
  open(): Promise<OpenedBroker>;
  /** Why what is kept ends with the process; absent: it does not. */
  readonly endsWithProcess?: string;
}
