import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type NatsConfig, natsConfigSchema } from './config.ts';
import { NatsSource } from './nats-source.ts';

/** Messages of a NATS server, and the streams of its JetStream. */
export const definition: SourceDefinition<NatsConfig> = {
  kind: 'nats',
  configSchema: natsConfigSchema,
  secrets: ['password', 'token', 'key'],
  addresses: ['url', ...TLS_ADDRESSES],
  example: { url: 'nats://localhost:4222', subjects: { 'plant/now': 'plant.*.temperature' }, topicKind: 'table' },
  create: (config, context) => new NatsSource(config, context),
};
