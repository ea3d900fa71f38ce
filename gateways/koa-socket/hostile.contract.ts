import type { HostileCase } from '../hostile-case.contract.ts';
import { firstWord, JsonClient } from '../json/json-client.contract.ts';
import { RawClient } from '../websocket/raw-client.contract.ts';
import { koaSocketGateway } from './server.ts';

const AT = '/socket-service';

const getData = (chartName: string) => JSON.stringify({ action: 'getData', socketType: 'x', chartName });

export const hostileCase: HostileCase = {
  definition: koaSocketGateway,
  webSocket: { path: AT, deflates: false },
  silent: [
    {
      // Whoever connects is let in; who is there at all answers a ping.
      title: 'nothing, not even a pong',
      async open(port) {
        const { socket } = await RawClient.open(port, {}, AT);
        return () => socket.destroy();
      },
      code: 4012,
      withinMs: 60_000,
    },
  ],
  doors: [`upgrade ${AT}`, `upgrade ${AT}/hall`],
  names: [
    {
      title: 'charts',
      async answers({ port }, names) {
        const client = await JsonClient.open(`ws://127.0.0.1:${port}${AT}`);
        for (const name of names) client.send(getData(name));
        // Everything before it has been looked at when this comes back.
        client.send('{"action":"over"}');
        while (client.texts.at(-1) !== '{"action":"over"}') await client.more();
        client.vanish();
        return [client.texts.join('\n')];
      },
    },
    {
      title: 'screens',
      counted: false,
      async answers({ port }, names) {
        const answers: string[] = [];
        for (const name of names) {
          const path = `${AT}/${encodeURI(name).replaceAll('%25', '%')}`;
          const client = await RawClient.open(port, {}, path);
          const { reason } = (await client.ended) as { readonly reason: string };
          answers.push(`${client.lines.join('\n')} ${reason}`);
          client.socket.destroy();
        }
        return answers;
      },
    },
  ],
  unknown: [
    {
      title: 'a name',
      async ask(bed) {
        const client = await JsonClient.open(`ws://127.0.0.1:${bed.port}${AT}`);
        client.send(getData('nothing'));
        client.send('{"action":"over"}');
        await bed.until(() => client.texts.length > 0);
        client.vanish();
        return client.texts;
      },
      answer: ['{"action":"over"}'],
      counted: 'unknown_topic',
    },
  ],
  // Any action is one of its own.
  frames: { takes: ['koa-socket', 'tcv'], first: (port, text) => firstWord(`ws://127.0.0.1:${port}${AT}`, text) },
};
