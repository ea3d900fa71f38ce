import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, type TestContext, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Audience, LoadClient, LoadOptions, RunOptions } from './load-client.ts';
import { compileNative } from './native/compile.ts';
import { nativeLoad } from './native-load.ts';
import { NodeLoad } from './node-load.ts';
import { payloadOf, TOPIC, textFrame, upgrade, type Wire } from './wire.ts';

/*
 * A load client is trusted with what servers lose and double. So it is shown servers that do.
 */

const program = compileNative('load');
const CLIENTS: readonly [string, ((options: LoadOptions) => LoadClient) | undefined][] = [
  ['the load client in C', program === undefined ? undefined : (options) => nativeLoad(program, undefined, options)],
  ['the load client in Node', (options) => new NodeLoad(options)],
];

const wire: Wire = {
  path: '/',
  subscribe: textFrame(`+${TOPIC}`),
  publisher: { port: 'clients', says: [upgrade('/')] },
  publication: (payload) => textFrame(TOPIC + payload),
  refusal: 'NO',
};

/** What becomes of the `n`-th publication on its way to the `k`-th client: the frames that it gets. */
type Fate = (payload: string, n: number, k: number) => readonly string[];

async function serve(fate: Fate, atEnd: (cleanUp: () => void) => void): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  atEnd(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const followers = new Map<string, WebSocket[]>();
  const clients: WebSocket[] = [];
  let published = 0;
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const text = String(data);
      if (!text.startsWith('+')) {
        for (const follower of followers.get(text.slice(0, 4)) ?? []) {
          for (const frame of fate(text.slice(4), published, clients.indexOf(follower))) follower.send(frame);
        }
        published++;
        return;
      }
      if (!clients.includes(socket)) clients.push(socket);
      followers.set(text.slice(1), [...(followers.get(text.slice(1)) ?? []), socket]);
    });
  });
  return (server.address() as AddressInfo).port;
}

describe.concurrent.each(CLIENTS)('%s', (_, create) => {
  const among =
    (audience: Audience, pace: Partial<RunOptions>) =>
    async ({ onTestFinished }: TestContext, fate: Fate) => {
      const port = await serve(fate, onTestFinished);
      const server = { pids: [process.pid], port, publisherPort: port, stop: async () => {} };
      const client = (create as (options: LoadOptions) => LoadClient)({
        ...audience,
        wire,
        server,
        payload: payloadOf(100),
      });
      onTestFinished(() => client.close());
      await client.connect();
      return client.run({ ...pace, warmUpMs: 50, measureMs: 500 });
    };
  const load = among({ clients: 5 }, { inFlight: 4 });

  test.skipIf(!create)('finds nothing wrong where every client gets everything once', async (context) => {
    const result = await load(context, (payload) => [payload]);
    expect(result).toMatchObject({ lost: 0, doubled: 0, closed: 0, stuck: false });
    expect(result.deliveries).toBeGreaterThan(0);
  });

  test.skipIf(!create)('sees what one client did not get', async (context) => {
    const result = await load(context, (payload, n, k) => (n === 3 && k === 3 ? [] : [payload]));
    expect(result).toMatchObject({ lost: 1, doubled: 0 });
  });

  test.skipIf(!create)('sees what one client got twice', async (context) => {
    const result = await load(context, (payload, n, k) => (n === 3 && k === 3 ? [payload, payload] : [payload]));
    expect(result).toMatchObject({ lost: 0, doubled: 1 });
  });

  test.skipIf(!create)('sees what came out of order as one that is lost and one that is doubled', async (context) => {
    let kept = '';
    const result = await load(context, (payload, n, k) => {
      if (k !== 3 || n < 3 || n > 4) return [payload];
      if (n === 4) return [payload, kept];
      kept = payload;
      return [];
    });
    expect(result).toMatchObject({ lost: 1, doubled: 1 });
  });

  test.skipIf(!create)('finds each publication in a frame of many, wherever it stands', async (context) => {
    const held = new Map<number, string>();
    const result = await load(context, (payload, n, k) => {
      const all = (held.get(k) ?? '') + (n % 3 === 1 ? `{"more":${payload}}\n` : `${payload}\n`);
      held.set(k, n % 2 === 0 ? all : '');
      return n % 2 === 0 ? [] : [all];
    });
    expect(result).toMatchObject({ lost: 0, doubled: 0 });
    expect(result.deliveries).toBeGreaterThan(0);
    expect(result.frames).toBeLessThan(result.deliveries);
  });

  test.skipIf(!create)('knows which topics a client follows', async (context) => {
    const many = among({ clients: 5, topics: 10, topicsPerClient: 4 }, { inFlight: 4 });
    expect(await many(context, (payload) => [payload])).toMatchObject({ lost: 0, doubled: 0 });
    expect(await many(context, (payload, n, k) => (n === 3 && k === 0 ? [] : [payload]))).toMatchObject({ lost: 1 });
  });

  test.skipIf(!create)('reads frames of any size', async (context) => {
    for (const length of [10, 60_000, 200_000]) {
      const padding = 'x'.repeat(length);
      expect(await load(context, (payload) => [padding + payload])).toMatchObject({
        lost: 0,
        doubled: 0,
        stuck: false,
      });
    }
  });
});

test.skipIf(program === undefined)(
  'publications that are lines share frames, each of them whole',
  async ({ onTestFinished }) => {
    let frames = 0;
    const port = await serve((payload) => {
      frames++;
      return [payload];
    }, onTestFinished);
    const server = { pids: [process.pid], port, publisherPort: port, stop: async () => {} };
    const lined = { ...wire, lines: true, publication: (payload: string) => Buffer.from(`${TOPIC}${payload}\n`) };
    for (const bytes of [60, 1000]) {
      const options = { clients: 1, wire: lined, server, payload: payloadOf(bytes) };
      const client = nativeLoad(program as string, undefined, options);
      onTestFinished(() => client.close());
      await client.connect();
      const result = await client.run({ burst: 100, warmUpMs: 0, measureMs: 100 });
      expect(result).toMatchObject({ lost: 0, doubled: 0 });
      expect(result.publications).toBeGreaterThan(0);
    }
    expect(frames).toBeGreaterThan(0);
  },
);
