import type { Contender } from '../contender.ts';
import { NUMBER, TOPIC, textFrame, upgrade } from '../wire.ts';
import { TCV_ELEMENT, TCV_KEY, tcvGreeting } from './tcv-client.ts';
import { tidewall } from './tidewall.ts';

/*
 * The same server by the wires of others, to measure beside what they were made with.
 */

const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';
const ROOM = `bench/${TOPIC}`;

/** Rooms over Socket.IO: what a client publishes reaches all members. */
export function tidewallSocketIo(): Contender {
  return {
    ...tidewall({ name: 'tidewall by Socket.IO' }),
    wire: {
      path: SOCKET_IO,
      greeting: textFrame('40'),
      greetedBy: '40{',
      subscribe: textFrame(`42["join",{"room":"${ROOM}"}]`),
      publisher: { port: 'clients', says: [upgrade(SOCKET_IO), textFrame('40')] },
      publication: (payload) => textFrame(`42["publish",{"room":"${ROOM}","data":${payload}}]`),
      refusal: '"error":',
    },
  };
}

/** Pages of one screen with a SocketService: what one of them says reaches all. */
export function tidewallSocketService(): Contender {
  const path = '/socket-service/hall';
  return {
    ...tidewall({ name: 'tidewall by SocketService' }),
    wire: {
      path,
      publisher: { port: 'clients', says: [upgrade(path)] },
      publication: (payload) => textFrame(`{"action":"themeChange","value":${payload}}`),
    },
  };
}

/** A screen of Tencent Cloud 图 whose data is pushed by a program over the native wire. */
export function tidewallTcv(): Contender {
  const base = tidewall({ name: 'tidewall by TCV', config: ['foreignScreens: [hall]'] });
  const topic = `screens/hall/elements/${TCV_ELEMENT}`;
  return {
    ...base,
    async prepare({ port }) {
      const body = JSON.stringify(TCV_KEY);
      const answer = await fetch(`http://127.0.0.1:${port}/api/keys`, { method: 'POST', body });
      if (!answer.ok) throw new Error(`the key was refused: ${await answer.text()}`);
    },
    wire: {
      path: '/tcv/hall',
      greeting: tcvGreeting,
      publisher: base.wire.publisher,
      publication: (payload) => textFrame(`{"id":${NUMBER},"publish":{"topic":"${topic}","data":${payload}}}`),
      refusal: '"error":',
    },
  };
}
