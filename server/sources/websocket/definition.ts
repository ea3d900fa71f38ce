import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type WebSocketConfig, websocketConfigSchema } from './config.ts';
import { WebSocketSource } from './websocket-source.ts';

/** What any server of JSON or text over WebSocket sends. */
export const definition: SourceDefinition<WebSocketConfig> = {
  kind: 'websocket',
  configSchema: websocketConfigSchema,
  secrets: ['url', 'headers', 'send', 'key'],
  addresses: ['url', ...TLS_ADDRESSES],
  example: {
    url: 'ws://localhost:8080/live',
    send: [{ subscribe: 'orders' }],
    topics: { 'shop/orders': { path: 'data' } },
  },
  create: (config, context) => new WebSocketSource(config, context),
};
