import type { JsonObject, JsonValue } from '@tidewall/base';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type GatewayBed, openGatewayBed } from '../gateway-bed.contract.ts';
import { connectTcv, type TcvClient, type TcvClientOptions, type TcvClientStatus } from './client.ts';
import { tcvGateway } from './server.ts';
import { signTcvConnect } from './sign-connect.ts';

const KEY = { id: 'hall-screens', secrets: ['a secret of thirty-two characters'] };
const STAT = 'CardStat_1_0_0_1_1700000000000';
const BACKOFF_MS = 500;

/** What a client has reported. */
class Heard {
  readonly data: [string, JsonValue][] = [];
  readonly fields: JsonObject[] = [];
  readonly statuses: TcvClientStatus[] = [];
  get state(): string | undefined {
    return this.statuses.at(-1)?.state;
  }
}

const clients: TcvClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function dial(
  url: string,
  clock: FakeClock,
  more: Partial<TcvClientOptions> = {},
): { client: TcvClient; heard: Heard } {
  const heard = new Heard();
  const client = connectTcv({
    url,
    clientId: '0b1c',
    clock,
    random: () => 0,
    WebSocketClass: WebSocket,
    sign: async () => ({}),
    componentData: (id, data) => heard.data.push([id, data]),
    globalFields: (fields) => heard.fields.push(fields),
    status: (status) => heard.statuses.push(status),
    ...more,
  });
  clients.push(client);
  return { client, heard };
}

describe('at our own server', () => {
  let bed: GatewayBed;
  beforeEach(async () => {
    const settings = {
      [`screens/hall/elements/${STAT}`]: { kind: 'state' },
      'screens/hall/variables': { kind: 'state' },
    } as const;
    bed = await openGatewayBed(tcvGateway, { keys: [KEY], settings });
  });
  afterEach(() => bed.close());

  let nonce = 0;
  const sign = async () =>
    signTcvConnect(
      { secretId: KEY.id, secretKey: KEY.secrets[0] ?? '' },
      { TcvTimestamp: Math.floor(bed.clock.now() / 1000), TcvNonce: nonce++ },
    );
  const url = () => `ws://127.0.0.1:${bed.port}/tcv/hall`;

  test('it connects with a body that is signed elsewhere, and hands on data and fields', async () => {
    await bed.publish(`screens/hall/elements/${STAT}`, { value: 1 });
    const { heard } = dial(url(), bed.clock, { sign });
    await bed.until(() => heard.state === 'connected' && heard.data.length === 1);
    await bed.publish('screens/hall/variables', { region: 'sh' });
    await bed.until(() => heard.fields.length === 1);
    expect(heard.data).toEqual([[STAT, { value: 1 }]]);
    expect(heard.fields).toEqual([{ region: 'sh' }]);
    expect(heard.statuses.map(({ state }) => state)).toEqual(['connecting', 'connected']);
  });

  test('it is told why it is refused', async () => {
    const wrong = { secretId: KEY.id, secretKey: 'not the secret of this key' };
    const { heard } = dial(url(), bed.clock, {
      sign: async () => signTcvConnect(wrong, { TcvTimestamp: 1, TcvNonce: 1 }),
    });
    await bed.until(() => heard.state === 'waiting');
    expect(heard.statuses.at(-1)).toEqual({ state: 'waiting', reason: 'TcvSignature is wrong', forMs: BACKOFF_MS });
  });
});

describe('at a backend of somebody else', () => {
  let server: WebSocketServer;
  let clock: FakeClock;
  let frames: { socket: WebSocket; frame: JsonObject }[];
  const waiting = new Set<() => void>();

  beforeEach(async () => {
    clock = new FakeClock();
    frames = [];
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) =>
      socket.on('message', (data) => {
        frames.push({ socket, frame: JSON.parse(String(data)) as JsonObject });
        for (const wake of [...waiting]) wake();
      }),
    );
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  const url = () => `ws://127.0.0.1:${(server.address() as { port: number }).port}`;

  /** The first frame with that action that was not taken yet. */
  async function frame(action: string): Promise<{ socket: WebSocket; frame: JsonObject }> {
    for (;;) {
      const at = frames.findIndex((each) => each.frame['action'] === action);
      if (at !== -1) return frames.splice(at, 1)[0] as { socket: WebSocket; frame: JsonObject };
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 20_000 && !holds(); i++) await clock.advance(1);
    expect(holds()).toBe(true);
  }

  test('its first frame is Connect with the signed body, then it asks', async () => {
    const { heard } = dial(url(), clock, { sign: async () => ({ TcvSecretId: 'a', TcvSignature: 's' }) });
    const { frame: connect, socket } = await frame('Connect');
    expect(connect).toEqual({
      ...{ version: 1, action: 'Connect', from: 'tidewall', clientId: '0b1c', timestamp: clock.now() },
      body: { TcvSecretId: 'a', TcvSignature: 's' },
    });
    const { frame: ping } = await frame('Ping');
    expect(ping).toEqual({ version: 1, action: 'Ping', from: 'tidewall', clientId: '0b1c', timestamp: clock.now() });
    expect(heard.state).toBe('connecting');
    socket.send('{"version":1,"action":"Pong"}');
    await until(() => heard.state === 'connected');
  });

  test('it takes both forms of an id and several components in a frame, and passes over what is malformed', async () => {
    const { heard } = dial(url(), clock);
    const { socket } = await frame('Connect');
    const update = (body: unknown) => socket.send(JSON.stringify({ version: 1, action: 'UpdateComponentData', body }));
    for (const text of ['', 'x', '[]', '{"action":"UpdateComponentData"}', '[['.repeat(500)]) socket.send(text);
    socket.send(Buffer.from([1, 2, 3]));
    socket.send('{"version":1,"action":"UpdateGlobalField","body":[1]}');
    socket.send('{"version":1,"action":"Delete","body":{}}');
    update([null, 5, { id: 1, data: 1 }, { data: 1 }, { id: 'x' }]);
    update([
      { id: `component/${STAT}`, data: [1] },
      { id: STAT, data: null },
    ]);
    await until(() => heard.data.length === 2);
    expect(heard.data).toEqual([
      [STAT, [1]],
      [STAT, null],
    ]);
    expect(heard.fields).toEqual([]);
  });

  test('it asks when it has heard nothing for the interval, and without an answer for 10 s it dials again', async () => {
    const { heard } = dial(url(), clock, { heartbeatMs: 5000 });
    const { socket } = await frame('Ping');
    socket.send('{"version":1,"action":"Pong"}');
    await until(() => heard.state === 'connected');
    await clock.advance(4990);
    expect(frames.filter(({ frame }) => frame['action'] === 'Ping')).toEqual([]);
    await clock.advance(10);
    await frame('Ping');
    await clock.advance(9_990);
    expect(heard.state).toBe('connected');
    await clock.advance(10);
    expect(heard.statuses.at(-1)).toEqual({ state: 'waiting', reason: 'no answer', forMs: BACKOFF_MS });
    frames.length = 0;
    await clock.advance(BACKOFF_MS);
    expect(heard.state).toBe('connecting');
    await frame('Connect');
  });

  test('when the link is cut it comes back by itself, with another signature', async () => {
    let signed = 0;
    const { heard } = dial(url(), clock, { sign: async () => ({ TcvNonce: ++signed }) });
    const { socket, frame: first } = await frame('Connect');
    socket.send('{"version":1,"action":"Pong"}');
    await until(() => heard.state === 'connected');
    socket.terminate();
    await until(() => frames.some(({ frame }) => frame['action'] === 'Connect'));
    const { frame: second } = await frame('Connect');
    expect([first['body'], second['body']]).toEqual([{ TcvNonce: 1 }, { TcvNonce: 2 }]);
    expect(heard.statuses.map(({ state }) => state)).toEqual(['connecting', 'connected', 'waiting', 'connecting']);
  });

  test('data is as good as an answer', async () => {
    const { heard } = dial(url(), clock, { heartbeatMs: 5000 });
    const { socket } = await frame('Ping');
    for (let i = 1; i <= 5; i++) {
      socket.send(JSON.stringify({ version: 1, action: 'UpdateComponentData', body: [{ id: STAT, data: i }] }));
      await until(() => heard.data.length === i);
      await clock.advance(4000);
    }
    expect(heard.state).toBe('connected');
    expect(frames.filter(({ frame }) => frame['action'] === 'Ping')).toEqual([]);
  });

  test('who cannot sign, or is closed, tries again with more and more time between, and says why', async () => {
    let signs = 0;
    const { heard } = dial(url(), clock, {
      random: () => 0.999,
      sign: async () => {
        if (++signs % 2 === 1) throw new Error('the signer is down');
        return {};
      },
    });
    server.on('connection', (socket) => socket.on('message', () => socket.close(4500, 'TcvSignature is wrong')));
    await until(() => heard.statuses.filter(({ state }) => state === 'waiting').length === 4);
    const waits = heard.statuses.filter((status) => status.state === 'waiting');
    expect(waits.map(({ reason }) => reason)).toEqual([
      'Connect could not be signed: the signer is down',
      'TcvSignature is wrong',
      'Connect could not be signed: the signer is down',
      'TcvSignature is wrong',
    ]);
    const forMs = waits.map((wait) => Math.round(wait.forMs));
    expect(forMs).toEqual([1000, 1499, 2498, 4496]);
  });

  test('after close it does nothing more, wherever it was', async () => {
    const { client, heard } = dial(url(), clock);
    await frame('Connect');
    client.close();
    client.close();
    expect(heard.state).toBe('closed');
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    expect(heard.statuses.filter(({ state }) => state === 'connecting')).toHaveLength(1);
    const nowhere = dial('ws://127.0.0.1:1', clock);
    await until(() => nowhere.heard.state === 'waiting');
    nowhere.client.close();
    expect(clock.pending).toBe(0);
  });
});
