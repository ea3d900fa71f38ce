import type { BrokerCase } from '../brokers.contract.test.ts';
import { createMemoryBroker } from './memory-broker.ts';

export const brokerCase: BrokerCase = { open: async () => createMemoryBroker({ random: Math.random }) };
