import type { Broker } from '@tidewall/contracts';

/** What a broker's folder gives the contract suite, as `broker.contract.ts`: how to open a working one here. */
export interface BrokerCase {
  open(): Promise<Broker>;
}
