import type { BrokerCase } from '../broker-case.contract.ts';
import { createMemoryBroker } from './memory-broker.ts';

export const brokerCase: BrokerCase = { open: async () => createMemoryBroker({ random: Math.random }) };
