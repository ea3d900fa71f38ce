import type { HostileCase } from '../hostile-case.contract.ts';
import { ask, askAll, errorNameOf } from '../http/http-client.contract.ts';
import { sessionsOf } from '../native/hostile-session.contract.ts';
import { gatewayCase } from './gateway.contract.ts';
import { sseGateway } from './server.ts';

const sessions = sessionsOf(gatewayCase);

export const hostileCase: HostileCase = {
  ...sessions,
  definition: sseGateway,
  silent: [
    {
      title: 'a session without connect',
      async open(port) {
        const client = await gatewayCase.dial(port);
        return () => client.vanish();
      },
      code: 4502,
      withinMs: 10_000,
    },
  ],
  doors: ['GET /sse', 'GET /sse?topic=a', 'POST /sse?session=x'],
  names: [
    ...sessions.names,
    { title: 'topics of an address', answers: ({ port }, names) => askAll(port, '/sse?topic=', names) },
    { title: 'sessions', answers: ({ port }, names) => askAll(port, '/sse?session=', names, 'POST') },
  ],
  unknown: [
    ...sessions.unknown,
    {
      title: 'a parameter',
      ask: async ({ port }) => errorNameOf(await ask(port, '/sse?topic=a&speed=9')),
      answer: [400, 'bad_request'],
      counted: 'bad_request',
    },
    {
      title: 'a session',
      ask: async ({ port }) => (await ask(port, '/sse?session=nobody', { method: 'POST', body: '{}' })).status,
      answer: 410,
      counted: 'unknown_session',
    },
  ],
};
