export { createMemoryBroker, type MemoryBrokerOptions } from './memory-broker.ts';
