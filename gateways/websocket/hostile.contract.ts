import type { HostileCase } from '../hostile-case.contract.ts';
import { sessionsOf } from '../native/hostile-session.contract.ts';
import { gatewayCase } from './gateway.contract.ts';
import { RawClient } from './raw-client.contract.ts';
import { websocketGateway } from './server.ts';

export const hostileCase: HostileCase = {
  definition: websocketGateway,
  ...sessionsOf(gatewayCase),
  webSocket: {
    path: '/ws',
    deflates: true,
    async greet(client) {
      client.send({ id: 1, connect: { version: 1 } });
      await client.line();
    },
  },
  silent: [
    {
      title: 'no connect',
      async open(port) {
        const { socket } = await RawClient.open(port);
        return () => socket.destroy();
      },
      code: 4502,
      withinMs: 10_000,
    },
    {
      title: 'heartbeats, and no connect',
      async open(port) {
        const client = await RawClient.open(port);
        client.send('ping');
        await client.line();
        return () => client.socket.destroy();
      },
      code: 4502,
      withinMs: 10_000,
    },
  ],
  doors: ['upgrade /ws'],
};
