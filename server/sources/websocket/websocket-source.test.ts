import { once } from 'node:events';
import { createServer } from 'node:net';
import type { JsonObject } from '@tidewall/base';
import { createOutgoing, parseAddressList } from '@tidewall/outgoing';
import { FakeClock, TcpProxy } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { parseSourceConfig } from '../source-config.ts';
import { testContext } from '../source-context.contract.ts';
import { definition } from './index.ts';
import { type JsonServer, startJsonServer } from './json-server.contract.ts';

let server: JsonServer;
let sink: RecordingSink;
let clock: FakeClock;
let abort: AbortController;
let running: Promise<void> | undefined;

beforeEach(async () => {
  server = await startJsonServer();
  sink = new RecordingSink();
  clock = new FakeClock(1_700_000_000_000);
  abort = new AbortController();
  running = undefined;
});

afterEach(async () => {
  abort.abort();
  await clock.advance(5_000);
  await running?.catch(() => {});
  await server.close();
});

function run(config: JsonObject = {}, outgoing?: ReturnType<typeof createOutgoing>): Promise<void> {
  const parsed = parseSourceConfig('probe', definition, { url: server.url, ...config });
  const context = testContext({ clock, ...(outgoing && { outgoing }) });
  running = definition.create(parsed, context).run(sink, abort.signal);
  running.catch(() => {});
  return running;
}

async function until(cameAbout: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!cameAbout()) {
    if (performance.now() > deadline) throw new Error('it did not come about in 10 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const published = () => sink.publications.map(({ topic, data }) => [topic, data]);

describe('frames', () => {
  test('go to a topic of the name of the source, those that are not JSON are refused, and the others go on', async () => {
    run();
    const client = await server.client();
    for (const frame of ['{"n":1}', 'nonsense', '[2]', '"three"']) client.send(frame);
    await until(() => sink.publications.length === 3);
    expect(published()).toEqual([
      ['probe', { n: 1 }],
      ['probe', [2]],
      ['probe', 'three'],
    ]);
    expect(sink.refusals).toEqual([expect.stringContaining('a message is not JSON')]);
  });

  test('go to each topic that they are for, and of them what its path says', async () => {
    run({
      topics: {
        'plant/oee': { where: { type: 'oee' }, path: 'data' },
        'plant/all': {},
        'plant/deep': { where: { type: 'deep', of: { site: 'sh' } }, path: 'rows.0.n' },
      },
    });
    const client = await server.client();
    client.send('{"type":"oee","data":{"value":7}}');
    client.send('{"type":"deep","of":{"site":"sh","line":1},"rows":[{"n":8}]}');
    client.send('{"type":"deep","of":{"site":"sh"},"rows":[]}');
    await until(() => sink.refusals.length === 1 && sink.of('plant/all').length === 3);
    expect(sink.of('plant/oee').map(({ data }) => data)).toEqual([{ value: 7 }]);
    expect(sink.of('plant/deep').map(({ data }) => data)).toEqual([8]);
    expect(sink.refusals).toEqual(['a frame for plant/deep has nothing at rows.0.n']);
  });

  test('may be texts, or bytes of a text in UTF-8; other bytes are refused', async () => {
    run({ format: 'text' });
    const client = await server.client();
    client.send('温度 21');
    client.send(Buffer.from('二进制'));
    client.send(Buffer.from([0xff, 0xfe]));
    await until(() => sink.publications.length === 2 && sink.refusals.length === 1);
    expect(sink.publications.map(({ data }) => data)).toMatchObject([{ text: '温度 21' }, { text: '二进制' }]);
  });

  test('that are longer than four MiB end the connection with a sentence', async () => {
    const over = run();
    (await server.client()).send('x'.repeat(4 * 1024 * 1024 + 1));
    await expect(over).rejects.toThrow(/a message is longer than 4194304 bytes|closed the connection with 1009/);
  });
});

describe('the connection', () => {
  test('offers the headers and subprotocols that are set, and says first what it is to say', async () => {
    run({
      headers: { authorization: 'Bearer t0ken' },
      protocols: ['live.v1'],
      send: ['hello', { subscribe: ['a', 'b'] }],
    });
    await until(() => server.heard.length === 2);
    expect(server.heard).toEqual(['hello', '{"subscribe":["a","b"]}']);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer t0ken',
      'sec-websocket-protocol': 'live.v1',
    });
    expect(sink.healthyCalls).toBe(1);
  });

  test('that the server closes fails with what it says', async () => {
    const over = run();
    (await server.client()).close(4001, 'see you tomorrow');
    await expect(over).rejects.toThrow(/^127\.0\.0\.1:\d+ closed the connection with 4001 and says: see you tomorrow$/);
  });

  test('that is closed with what it was told tells nothing of that', async () => {
    const url = server.url.replace('ws://', 'ws://wall:P4ssw0rd@');
    const settings = { headers: { authorization: 'Bearer t0ken-planted' }, send: [{ login: { key: 'k3y-planted' } }] };
    const over = run({ url: `${url}?token=q-planted`, ...settings });
    (await server.client()).close(4001, 'not t0ken-planted, k3y-planted, q-planted or P4ssw0rd');
    await expect(over).rejects.toThrow('closed the connection with 4001 and says: not ***, ***, *** or ***');
  });

  test('that is cut fails with that', async () => {
    const over = run();
    (await server.client()).terminate();
    await expect(over).rejects.toThrow(/^127\.0\.0\.1:\d+ cut the connection$/);
  });

  test.each<[number, RegExp]>([
    [401, /it answers 401: it wants other credentials$/],
    [404, /it answers 404: there is no WebSocket at that path$/],
    [500, /it answers 500, which is no WebSocket$/],
    [302, /it answers 302, which is no WebSocket$/],
  ])('that is answered %i fails with a sentence', async (status, sentence) => {
    await server.close();
    server = await startJsonServer({
      verifyClient: (_info, done) => done(false, status, '', { location: 'http://x' }),
    });
    await expect(run()).rejects.toThrow(sentence);
  });

  test('to a port that nobody listens on fails with that, and tells nothing of the address but the host', async () => {
    await server.close();
    const { port } = new URL(server.url);
    const over = run({ url: `ws://wall:P4ssw0rd@127.0.0.1:${port}/?token=s3cret` });
    await expect(over).rejects.toThrow(`127.0.0.1:${port} cannot be reached: nothing listens there`);
    await over.catch(({ message }) => expect(message).not.toMatch(/P4ss|s3cret/));
    server = await startJsonServer();
  });

  test('to what speaks no HTTP fails with a sentence', async () => {
    const other = createServer((socket) => socket.end('220 mail.example ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(run({ url: `ws://127.0.0.1:${port}` })).rejects.toThrow(/127\.0\.0\.1:\d+ cannot be reached: \S+/);
    await expect(run({ url: `wss://127.0.0.1:${port}` })).rejects.toThrow(/does not speak TLS there/);
    other.close();
  });

  test('goes nowhere that it may not', async () => {
    const outgoing = createOutgoing({ allowed: parseAddressList([]), trusted: false });
    await expect(run({}, outgoing)).rejects.toThrow(/is not a public address/);
    expect(server.requests).toEqual([]);
  });

  test('ends with the abort, while it connects and when it is open', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connecting = run({ url: `ws://127.0.0.1:${(silent.address() as { port: number }).port}` });
    await once(silent, 'connection');
    abort.abort();
    await connecting;
    abort = new AbortController();
    const open = run();
    const client = await server.client();
    abort.abort();
    await open;
    await once(client, 'close');
    silent.close();
  });
});

describe('heartbeats', () => {
  test('are asked for by a ping of WebSocket itself, and what answers lives', async () => {
    const over = run({ heartbeat: { everyMs: 1000, deadMs: 3000 } });
    const client = await server.client();
    await until(() => sink.healthyCalls === 1);
    for (let i = 0; i < 10; i++) {
      const asked = once(client, 'ping');
      await clock.advance(1000);
      await asked;
      // The pong is on its way back before this is.
      client.send(`{"i":${i}}`);
      await until(() => sink.publications.length === i + 1);
    }
    let ended = false;
    over.catch(() => (ended = true));
    expect(ended).toBe(false);
  });

  test('may be a text or JSON, and the answers are no data', async () => {
    run({
      heartbeat: {
        send: { type: 'ping' },
        everyMs: 1000,
        ignore: ['pong', { type: 'pong' }],
        answer: [{ to: { type: 'heartCheck' }, with: { type: 'heartCheck' } }],
      },
    });
    const client = await server.client();
    await until(() => sink.healthyCalls === 1);
    await clock.advance(1000);
    await until(() => server.heard.length === 1);
    for (const frame of ['pong', '{"type":"pong","t":1}', '{"type":"heartCheck"}', '{"n":1}']) client.send(frame);
    await until(() => sink.publications.length === 1 && server.heard.length === 2);
    expect(server.heard).toEqual(['{"type":"ping"}', '{"type":"heartCheck"}']);
    expect(published()).toEqual([['probe', { n: 1 }]]);
    expect(sink.refusals).toEqual([]);
  });

  test('that nobody answers end a link that only looks open', async () => {
    const proxy = await TcpProxy.start(Number(new URL(server.url).port));
    const over = run({ url: `ws://127.0.0.1:${proxy.port}`, heartbeat: { everyMs: 1000, deadMs: 3000 } });
    await until(() => sink.healthyCalls === 1);
    proxy.stall();
    await clock.advance(4000);
    await expect(over).rejects.toThrow(/has said nothing for 3000 ms \(heartbeat\.deadMs\)$/);
    await proxy.close();
  });
});

test.each<[object, RegExp]>([
  [{ url: 'localhost:80' }, /url: must be an address like ws:/],
  [{ topics: { 'a b': {} } }, /topics\.a b: topic name "a b"/],
  [{ topicKind: 'table' }, /keyField: must be given/],
  [{ heartbeat: { everyMs: 5000, deadMs: 5000 } }, /heartbeat\.deadMs: must be more than heartbeat\.everyMs/],
  [{ format: 'text', topics: { a: { path: 'x' } } }, /format: must be json or auto/],
])('%j is refused by its setting', (config, says) => {
  expect(() => parseSourceConfig('probe', definition, { url: server.url, ...config })).toThrow(says);
});
