import type { HostileCase } from '../hostile-case.contract.ts';
import { ask, askAll, errorNameOf } from '../http/http-client.contract.ts';
import { flaskSseGateway } from './server.ts';

export const hostileCase: HostileCase = {
  definition: flaskSseGateway,
  silent: [],
  doors: ['GET /stream', 'GET /stream?channel=a', 'POST /stream'],
  names: [{ title: 'channels', answers: ({ port }, names) => askAll(port, '/stream?channel=', names) }],
  unknown: [
    {
      // One that nothing was published to is waited for.
      title: 'a channel that there cannot be',
      ask: async ({ port }) => errorNameOf(await ask(port, '/stream?channel=a%20b')),
      answer: [400, 'bad_request'],
      counted: 'bad_request',
    },
  ],
};
