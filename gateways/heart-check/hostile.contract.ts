import type { HostileCase } from '../hostile-case.contract.ts';
import { firstWord, JsonClient } from '../json/json-client.contract.ts';
import { heartCheckGateway } from './server.ts';

const AT = '/heart-check';

export const hostileCase: HostileCase = {
  definition: heartCheckGateway,
  webSocket: {
    path: AT,
    deflates: false,
    async greet(client) {
      client.send({ type: 'auth', data: 'a token' });
      await client.line();
    },
  },
  silent: [
    {
      title: 'no auth',
      async open(port) {
        const client = await JsonClient.open(`ws://127.0.0.1:${port}${AT}`);
        return () => client.vanish();
      },
      code: 4502,
      withinMs: 10_000,
    },
  ],
  doors: [`upgrade ${AT}`],
  // What is sent is configured; a client names nothing.
  names: [],
  unknown: [
    {
      title: 'a type',
      async ask({ port }) {
        const client = await JsonClient.open(`ws://127.0.0.1:${port}${AT}`);
        client.send({ type: 'auth', data: 'a token' });
        await client.text();
        client.send({ type: 'dropTables' });
        // Who is answered this has not been sent away.
        client.send({ type: 'auth', data: 'a token' });
        const answer = await client.text();
        client.vanish();
        return answer;
      },
      answer: '{"type":"auth","data":"auth ok"}',
      counted: 'unknown_command',
    },
  ],
  frames: { takes: ['heart-check'], first: (port, text) => firstWord(`ws://127.0.0.1:${port}${AT}`, text) },
};
