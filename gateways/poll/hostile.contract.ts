import type { HostileCase } from '../hostile-case.contract.ts';
import { ask, askAll, errorNameOf } from '../http/http-client.contract.ts';
import { sessionsOf } from '../native/hostile-session.contract.ts';
import { gatewayCase } from './gateway.contract.ts';
import { pollGateway } from './server.ts';

const sessions = sessionsOf(gatewayCase);

export const hostileCase: HostileCase = {
  ...sessions,
  definition: pollGateway,
  silent: [
    {
      title: 'a session that asks, and does not connect',
      async open(port) {
        const client = await gatewayCase.dial(port);
        return () => client.vanish();
      },
      code: 4502,
      withinMs: 10_000,
    },
    {
      title: 'a session that does not ask',
      async open(port) {
        await ask(port, '/poll', { method: 'POST' });
        return () => {};
      },
      code: 1006,
      withinMs: 3000,
    },
  ],
  doors: [
    ...['GET /poll?topic=a&waitMs=0', 'POST /poll', 'GET /poll?session=x&cursor=0'],
    ...['POST /poll?session=x', 'DELETE /poll?session=x'],
  ],
  names: [
    ...sessions.names,
    { title: 'topics of an address', answers: ({ port }, names) => askAll(port, '/poll?waitMs=0&topic=', names) },
    { title: 'sessions', answers: ({ port }, names) => askAll(port, '/poll?session=', names, 'POST') },
  ],
  unknown: [
    ...sessions.unknown,
    {
      title: 'a parameter',
      ask: async ({ port }) => errorNameOf(await ask(port, '/poll?topic=a&speed=9')),
      answer: [400, 'bad_request'],
      counted: 'bad_request',
    },
    ...(['GET', 'POST', 'DELETE'] as const).map((method) => ({
      title: `a session: ${method}`,
      ask: async ({ port }: { readonly port: number }) =>
        (await ask(port, '/poll?session=nobody&cursor=0', { method })).status,
      answer: 410,
      counted: 'unknown_session',
    })),
  ],
};
