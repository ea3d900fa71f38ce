import type { HostileCase } from '../hostile-case.contract.ts';
import { ask, askAll } from '../http/http-client.contract.ts';
import { koaHttpGateway } from './server.ts';

export const hostileCase: HostileCase = {
  definition: koaHttpGateway,
  silent: [],
  doors: ['GET /koa/api/trend', 'POST /koa/api/trend'],
  names: [
    { title: 'files', answers: ({ port }, names) => askAll(port, '/koa/api/', names) },
    {
      title: 'files, on a port of its own',
      answers: ({ ports }, names) => askAll(ports['koa-http'] as number, '/api/', names),
    },
  ],
  unknown: [
    {
      title: 'a name',
      async ask({ port }) {
        const { status, text } = await ask(port, '/koa/api/nothing');
        return [status, JSON.parse(text)];
      },
      answer: [404, { status: 404 }],
      counted: 'unknown_topic',
    },
  ],
};
