import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type RedisConfig, redisConfigSchema } from './config.ts';
import { RedisSource } from './redis-source.ts';

/** Messages that are published in Redis, and the entries of its streams. */
export const definition: SourceDefinition<RedisConfig> = {
  kind: 'redis',
  configSchema: redisConfigSchema,
  secrets: ['url', 'key'],
  addresses: ['url', ...TLS_ADDRESSES],
  example: { url: 'redis://localhost:6379', channels: { 'shop/orders': 'orders' } },
  create: (config, context) => new RedisSource(config, context),
};
