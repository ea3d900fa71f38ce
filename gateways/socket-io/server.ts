import type { GatewayDefinition } from '@tidewall/contracts';
import { SocketIoGateway } from './gateway.ts';
import { type SocketIoSettings, socketIoSettings } from './settings.ts';

/** Socket.IO with rooms, at `/socket.io/`: for stock clients of version 4, over WebSocket and by polling. */
export const socketIoGateway: GatewayDefinition<SocketIoSettings> = {
  kind: 'socket-io',
  path: '/socket.io',
  below: true,
  settings: socketIoSettings,
  create: (context, settings) => new SocketIoGateway(context, settings),
};
