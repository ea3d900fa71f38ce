import type { JsonValue } from '@tidewall/base';
import { JsonClient, NO_FRAMES } from '../json/json-client.contract.ts';
import type { JoinedClient, WireCase } from '../wire-case.contract.ts';
import { koaSocketGateway } from './server.ts';

const GET_DATA = { action: 'getData', socketType: 'trendData', chartName: 'trend', value: '' };

const hostile = (title: string, frame: object | string) => ({
  title,
  send: (client: JoinedClient) => client.send?.(typeof frame === 'string' ? frame : JSON.stringify(frame)),
});

/** How the contract suite of wires dials this one. */
export const wireCase: WireCase = {
  definition: koaSocketGateway,
  // Every publication by itself.
  settings: { rateHz: 1000 },
  topic: 'shop/trend',
  kind: 'state',
  data: (i) => ({ map: [{ name: '上海', data: [i, i + 1] }], note: 'x'.repeat(1000) }),
  async join(port) {
    const client = await JsonClient.open(`ws://127.0.0.1:${port}/socket-service/hall`);
    // Its own echo tells that it has been let in, and that what it asked for has been looked at.
    client.send(GET_DATA);
    client.send('{"action":"joined"}');
    await client.text();
    return {
      async next() {
        for (;;) {
          const { data } = await client.frame();
          // What others of the group say comes here, too.
          if (typeof data === 'string') return JSON.parse(data) as JsonValue;
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
    hostile('no action', { socketType: 'trendData', chartName: 'trend' }),
    hostile('an action that is no text', { action: { a: 1 } }),
    hostile('more words than are kept', { ...GET_DATA, chartName: 'trend', pad: 'x'.repeat(2000) }),
    hostile('no name', { action: 'getData', socketType: 'trendData' }),
    hostile('a name that is no text', { ...GET_DATA, chartName: ['trend'] }),
    hostile('a name that is a path', { ...GET_DATA, chartName: '../../package' }),
    hostile('a name that is a pattern', { ...GET_DATA, chartName: '+' }),
    hostile('a name of which nothing is known', { ...GET_DATA, chartName: 'nothing' }),
    hostile('a name like a member of every object', '{"action":"getData","chartName":"__proto__"}'),
    hostile('more than a publication may have', { action: 'fullScreen', value: 'x'.repeat(300_000) }),
    {
      title: 'a flood',
      send: (client) => {
        for (let i = 0; i < 1000; i++) client.send?.('{"action":"themeChange"}');
      },
    },
  ],
};
