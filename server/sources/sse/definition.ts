import type { SourceDefinition } from '@tidewall/contracts';
import { HTTP_ADDRESSES, SIMPLE_HTTP_SECRETS } from '../http-fields.ts';
import { type SseConfig, sseConfigSchema } from './config.ts';
import { SseSource } from './sse-source.ts';

/** The events that any server of `text/event-stream` sends. */
export const definition: SourceDefinition<SseConfig> = {
  kind: 'sse',
  configSchema: sseConfigSchema,
  secrets: SIMPLE_HTTP_SECRETS,
  addresses: HTTP_ADDRESSES,
  takesParams: true,
  example: {
    url: 'http://localhost:8080/events',
    topics: { 'shop/orders': { event: 'order' } },
  },
  create: (config, context) => new SseSource(config, context),
};
