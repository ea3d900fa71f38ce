import type { BrokerCase } from '../broker-case.contract.ts';
import { createMemoryBroker } from './memory-broker.ts';

export const brokerCase: BrokerCase = {
  endsWithProcess: 'memory is all it has',
  open: async () => {
    const broker = createMemoryBroker({ random: Math.random });
    return { broker, dispose: () => broker.close() };
  },
};
