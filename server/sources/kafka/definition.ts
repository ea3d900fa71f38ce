import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type KafkaConfig, kafkaConfigSchema } from './config.ts';
import { KafkaSource } from './kafka-source.ts';

/** Messages of topics of Kafka. */
export const definition: SourceDefinition<KafkaConfig> = {
  kind: 'kafka',
  configSchema: kafkaConfigSchema,
  secrets: ['password', 'key'],
  addresses: ['brokers', 'tls', ...TLS_ADDRESSES],
  example: { brokers: ['localhost:9092'], topics: { 'shop/orders': 'orders' } },
  create: (config, context) => new KafkaSource(config, context),
};
