import type { SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { type SocketIoConfig, socketIoConfigSchema } from './config.ts';
import { SocketIoSource } from './socket-io-source.ts';

/** What an existing Socket.IO server sends: rooms, as Flask-SocketIO dashboards have them, or plain events. */
export const definition: SourceDefinition<SocketIoConfig> = {
  kind: 'socket-io',
  configSchema: socketIoConfigSchema,
  secrets: ['url', 'auth', 'headers', 'query', 'send', 'key'],
  addresses: ['url', 'path', ...TLS_ADDRESSES],
  example: { url: 'http://localhost:5000', rooms: { 'shop/sales': 'sales' }, topicKind: 'state' },
  create: (config, context) => new SocketIoSource(config, context),
};
