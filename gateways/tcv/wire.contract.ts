import type { JsonValue } from '@tidewall/base';
import type { JoinedClient, WireCase } from '../wire-case.contract.ts';
import { tcvGateway } from './server.ts';
import { connectScript } from './tcv-script.contract.ts';

const KEY = { id: 'hall-screens', secrets: ['a secret of thirty-two characters'] };
const ELEMENT = 'CardStat_1_0_0_1_1700000000000';
/** Where the bed's clock begins. */
const NOW_S = 1_700_000_000;

/** How the contract suite of foreign wires dials this one: with a script that knows nothing of ours. */
export const wireCase: WireCase = {
  definition: tcvGateway,
  keys: [KEY],
  topic: `screens/hall/elements/${ELEMENT}`,
  kind: 'state',
  data: (i) => ({ value: i, note: 'x'.repeat(2000) }),
  join,
  hostile: [
    ...[
      { title: 'text that is not JSON', text: '{"version":1,' },
      { title: 'JSON that is no object', text: '[1,2]' },
      { title: 'JSON that nests too deep', text: '['.repeat(1000) + ']'.repeat(1000) },
      { title: 'an unknown action', text: '{"version":1,"action":"DropTables"}' },
      { title: 'an action of the server', text: '{"version":1,"action":"UpdateGlobalField","body":{"a":1}}' },
      { title: 'a second Connect', text: '{"version":1,"action":"Connect","body":{}}' },
      { title: 'an action that is no text', text: '{"version":1,"action":{"__proto__":{"polluted":1}}}' },
      { title: 'a frame of the native wire', text: '{"id":1,"connect":{"version":1}}' },
      { title: 'a frame of SocketService', text: '{"action":"getData","chartName":"trend"}' },
      { title: 'a packet of Socket.IO', text: '42["join",{"room":"sales"}]' },
    ].map(({ title, text }) => ({ title, send: (client: JoinedClient) => client.send?.(text) })),
    { title: 'a flood', send: (client) => Array.from({ length: 500 }, () => client.send?.('{"version":1}')) },
    { title: 'a frame above the limit', send: (client) => client.send?.(`{"x":"${'x'.repeat(1024 * 1024)}"}`) },
  ],
};

async function join(port: number): Promise<JoinedClient> {
  const { id, secrets } = KEY;
  const path = '/tcv/hall';
  const script = await connectScript({ port, path, secretId: id, secretKey: secrets[0] ?? '', timestamp: NOW_S });
  // Nothing answers Connect; who is let in gets an answer to this, after what there is.
  script.send('Ping');
  while ((await script.next()).action !== 'Pong');
  return {
    async next() {
      const frame = await script.next();
      const [update] = frame.body as { id: string; data: JsonValue }[];
      if (frame.action !== 'UpdateComponentData' || update?.id !== ELEMENT) throw new Error(JSON.stringify(frame));
      return update.data;
    },
    send: (text) => script.socket.send(text),
    closed: script.closed.then(() => {}),
    pause: () => script.socket.pause(),
    resume: () => script.socket.resume(),
    vanish: () => script.socket.terminate(),
  };
}
