import { JsonClient, NO_FRAMES } from '../json/json-client.contract.ts';
import type { JoinedClient, WireCase } from '../wire-case.contract.ts';
import { heartCheckGateway } from './server.ts';

const hostile = (title: string, frame: object | string) => ({
  title,
  send: (client: JoinedClient) => client.send?.(typeof frame === 'string' ? frame : JSON.stringify(frame)),
});

/** How the contract suite of wires dials this one. */
export const wireCase: WireCase = {
  definition: heartCheckGateway,
  topic: 'heart-check/alarm',
  kind: 'state',
  data: (i) => ({ level: i, note: 'x'.repeat(1000) }),
  async join(port) {
    const client = await JsonClient.open(`ws://127.0.0.1:${port}/heart-check`);
    client.send({ type: 'auth', data: 'token' });
    await client.text();
    return {
      async next() {
        for (;;) {
          const { type, data } = await client.frame();
          if (type === 'alarm' && data !== undefined) return data;
        }
      },
      send: (text) => client.ws.send(text),
      closed: client.closed.then(() => {}),
      pause: () => client.ws.pause(),
      resume: () => client.ws.resume(),
      vanish: () => client.vanish(),
    };
  },
  hostile: [
    ...NO_FRAMES.map(({ title, text }) => hostile(title, text)),
    hostile('a type that nobody knows', { type: 'orders', data: 1 }),
    hostile('no type', { data: 1 }),
    hostile('a type that is no text', { type: ['auth'], data: 'token' }),
    hostile('auth without a token', { type: 'auth' }),
    hostile('a token that is no text', '{"type":"auth","data":{"__proto__":{"length":1}}}'),
    {
      title: 'a flood',
      send: (client) => {
        for (let i = 0; i < 1000; i++) client.send?.('{"type":"heartCheck"}');
      },
    },
  ],
};
