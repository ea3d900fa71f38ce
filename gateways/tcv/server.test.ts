import type { JsonValue } from '@tidewall/base';
import type { SomeTopicSettings } from '@tidewall/contracts';
import { CLOSE_CODES, type CloseName } from '@tidewall/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from '../gateway-bed.contract.ts';
import { tcvGateway } from './server.ts';
import { connectScript, openScript, type ScriptOptions, type TcvScript } from './tcv-script.contract.ts';

const SECRET = 'the newer secret of this key';
const OLDER = 'the older secret of this key';
const KEY = { id: 'hall-screens', secrets: [SECRET, OLDER] };
const STAT = 'CardStat_1_0_0_1_1700000000000';
const BARS = 'ChartColumnBasic_1_0_0_2_1700000000000';
const SETTINGS: Readonly<Record<string, SomeTopicSettings>> = Object.fromEntries(
  ['hall', 'gate'].flatMap((screen) =>
    [`elements/${STAT}`, `elements/${BARS}`, 'variables'].map((of) => [`screens/${screen}/${of}`, { kind: 'state' }]),
  ),
);
const open: { bed?: GatewayBed; scripts: TcvScript[] } = { scripts: [] };

afterEach(async () => {
  for (const { socket } of open.scripts.splice(0)) socket.terminate();
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(tcvGateway, { keys: [KEY], settings: SETTINGS, ...options });
  return open.bed;
}

const element = (id: string, screen = 'hall') => `screens/${screen}/elements/${id}`;
const nowS = (bed: GatewayBed) => Math.floor(bed.clock.now() / 1000);

async function connect(bed: GatewayBed, more: Partial<ScriptOptions> = {}): Promise<TcvScript> {
  const who = { secretId: KEY.id, secretKey: SECRET, timestamp: nowS(bed) };
  const script = await connectScript({ port: bed.port, path: '/tcv/hall', ...who, ...more });
  open.scripts.push(script);
  return script;
}

async function joined(bed: GatewayBed, more: Partial<ScriptOptions> = {}): Promise<TcvScript> {
  const script = await connect(bed, more);
  script.send('Ping');
  // What is there comes before the answer.
  return script;
}

async function silent(bed: GatewayBed, path?: string): Promise<TcvScript> {
  const script = await openScript(bed.port, path);
  open.scripts.push(script);
  return script;
}

const rejected = (bed: GatewayBed, reason: string) =>
  bed.meter.value('tidewall_frames_rejected_total', { gateway: 'tcv', reason });

async function refused(bed: GatewayBed, more: Partial<ScriptOptions>, code: CloseName, reason: string) {
  const before = rejected(bed, reason);
  const script = await connect(bed, more);
  const closed = await script.closed;
  expect(closed.code).toBe(CLOSE_CODES[code].code);
  expect(closed.reason).not.toBe('');
  expect(rejected(bed, reason)).toBe(before + 1);
  return closed.reason;
}

async function merge(bed: GatewayBed, topic: string, data: JsonValue): Promise<void> {
  await bed.hub.publish({ id: 'publisher', roles: [] }, { topic, op: 'merge', data });
  await bed.clock.advance(bed.windowMs);
}

describe('what a screen of TCV is sent', () => {
  test('what is there now, then what comes, with bare ids, and only of its own screen', async () => {
    const bed = await bedWith();
    await bed.publish(element(STAT), { value: 1 });
    await bed.publish(element(STAT, 'gate'), { value: 99 });
    await bed.publish('screens/hall/variables', { region: 'sh' });
    const script = await joined(bed);
    expect(await script.next()).toEqual({
      version: 1,
      action: 'UpdateComponentData',
      body: [{ id: STAT, data: { value: 1 } }],
    });
    expect(await script.next()).toEqual({ version: 1, action: 'UpdateGlobalField', body: { region: 'sh' } });
    expect(await script.next()).toEqual({ version: 1, action: 'Pong' });
    await bed.publish(element(BARS), [{ x: 'Mon', y: 1, s: '销售' }]);
    expect(await script.next()).toMatchObject({ body: [{ id: BARS, data: [{ x: 'Mon', y: 1, s: '销售' }] }] });
    await bed.publish(element(STAT, 'gate'), { value: 100 });
    await bed.publish(element(STAT), { value: 2 });
    expect(await script.next()).toMatchObject({ body: [{ id: STAT, data: { value: 2 } }] });
  });

  test('without a screen in the address, what all screens are told', async () => {
    const bed = await bedWith();
    const script = await joined(bed, { path: '/tcv' });
    expect(await script.next()).toMatchObject({ action: 'Pong' });
    await bed.publish(element(STAT), { value: 1 });
    await bed.publish(element(BARS, 'gate'), [{ x: 'a', y: 2 }]);
    await bed.publish('screens/gate/variables', { year: 2026 });
    expect(await script.next()).toMatchObject({ body: [{ id: STAT }] });
    expect(await script.next()).toMatchObject({ body: [{ id: BARS }] });
    expect(await script.next()).toMatchObject({ action: 'UpdateGlobalField', body: { year: 2026 } });
  });

  test('data whole, also when it was merged; of the variables what has changed', async () => {
    const bed = await bedWith();
    await bed.publish(element(STAT), { value: 1, unit: '%' });
    await bed.publish('screens/hall/variables', { region: 'sh', year: 2026, shift: 'A' });
    const script = await joined(bed);
    for (const action of ['UpdateComponentData', 'UpdateGlobalField', 'Pong']) {
      expect(await script.next()).toMatchObject({ action });
    }
    await merge(bed, element(STAT), { value: 2 });
    expect(await script.next()).toMatchObject({ body: [{ id: STAT, data: { value: 2, unit: '%' } }] });
    await merge(bed, 'screens/hall/variables', { region: 'bj' });
    expect((await script.next()).body).toEqual({ region: 'bj' });
    await bed.publish('screens/hall/variables', { region: 'bj', year: 2027, shift: 'A' });
    expect((await script.next()).body).toEqual({ year: 2027 });
  });

  test('a push is encoded once for all', async () => {
    const bed = await bedWith();
    const scripts = [await joined(bed), await joined(bed), await joined(bed)];
    for (const script of scripts) expect(await script.next()).toMatchObject({ action: 'Pong' });
    await bed.publish(element(STAT), { value: 1 });
    for (const script of scripts) expect((await script.next()).body).toEqual([{ id: STAT, data: { value: 1 } }]);
    expect(bed.meter.value('tidewall_views')).toBe(1);
  });

  test('a topic that was deleted is followed again when it comes back', async () => {
    const bed = await bedWith();
    await bed.publish(element(STAT), { value: 1 });
    await bed.publish('screens/hall/variables', { a: 1 });
    const script = await joined(bed);
    for (let i = 0; i < 3; i++) await script.next();
    for (const topic of [element(STAT), 'screens/hall/variables']) {
      await bed.hub.forget({ id: 'publisher', roles: [] }, topic);
    }
    await bed.publish(element(STAT), { value: 2 });
    await bed.publish('screens/hall/variables', { a: 2 });
    expect((await script.next()).body).toEqual([{ id: STAT, data: { value: 2 } }]);
    expect((await script.next()).body).toEqual({ a: 2 });
  });

  test('more elements than a session may follow end the connection with the limit, before or after', async () => {
    const bed = await bedWith({ limits: { subscriptionsPerSession: 2 } });
    const script = await joined(bed);
    expect(await script.next()).toMatchObject({ action: 'Pong' });
    const ids = [1, 2, 3].map((n) => element(`CardStat_1_0_0_${n}_1700000000000`));
    for (const topic of ids) await bed.publish(topic, { value: 1 }, 'state');
    const { code, reason } = await script.closed;
    expect([code, reason]).toEqual([CLOSE_CODES.connection_limit.code, expect.stringContaining('subscriptionsPer')]);
    expect(await refused(bed, {}, 'connection_limit', 'limit_exceeded')).toContain('limits.subscriptionsPerSession');
  });
});

describe('a Connect', () => {
  test('is taken with either secret of a key that is being rotated, and with more fields when they are signed', async () => {
    const bed = await bedWith();
    for (const more of [{}, { secretKey: OLDER }, { more: { Zone: 'a&b=c', Ángel: true, Aa: 1.5 } }]) {
      expect(await (await joined(bed, more)).next()).toMatchObject({ action: 'Pong' });
    }
  });

  test.each([
    ['another secret', { secretKey: 'the secret of somebody else' }, 'bad_signature'],
    ['an unknown id', { secretId: 'hall-screen' }, 'unknown_key'],
    ['a field that was changed', { tamper: (body: object) => ({ ...body, TcvNonce: 5 }) }, 'bad_signature'],
    ['a field that was not signed', { tamper: (body: object) => ({ ...body, Extra: 1 }) }, 'bad_signature'],
    ['a field that is missing', { more: { Zone: 'a' }, tamper: ({ Zone: _, ...body }) => body }, 'bad_signature'],
  ] satisfies [string, Partial<ScriptOptions>, string][])(
    'with %s is refused, and the client is not told which',
    async (_title, more, reason) => {
      const bed = await bedWith();
      expect(await refused(bed, more, 'bad_signature', reason)).toBe('TcvSignature is wrong');
    },
  );

  test.each([
    ['no body', () => undefined],
    ['a list', () => []],
    ['a nonce that is a text', (body: object) => ({ ...body, TcvNonce: '5' })],
    ['a fraction for a time', (body: object) => ({ ...body, TcvTimestamp: 1.5 })],
    ['no signature', ({ TcvSignature: _, ...body }: Record<string, unknown>) => body],
    ['an object among its fields', (body: object) => ({ ...body, Zone: {} })],
    ['more than can be a Connect', (body: object) => ({ ...body, Zone: 'x'.repeat(10_000) })],
  ])('with %s is refused', async (_title, tamper) => {
    const bed = await bedWith();
    await refused(bed, { tamper }, 'bad_frame', 'bad_connect');
  });

  test('is taken once', async () => {
    const bed = await bedWith();
    const same = { timestamp: nowS(bed), nonce: 7 };
    expect(await (await joined(bed, same)).next()).toMatchObject({ action: 'Pong' });
    await refused(bed, same, 'bad_signature', 'nonce_repeated');
    await refused(bed, { ...same, secretKey: OLDER }, 'bad_signature', 'nonce_repeated');
  });

  test('to an address that names no screen is refused after the signature was seen', async () => {
    const bed = await bedWith();
    const path = '/tcv/Not%20a%20screen';
    expect(await refused(bed, { path }, 'bad_frame', 'unknown_screen')).toContain('names no screen');
    await refused(bed, { path, secretKey: 'the secret of somebody else' }, 'bad_signature', 'bad_signature');
  });

  test('of which the key is deleted later ends the connection', async () => {
    const keys = [KEY];
    const bed = await bedWith({ keys });
    const script = await joined(bed);
    expect(await script.next()).toMatchObject({ action: 'Pong' });
    keys.length = 0;
    await bed.clock.advance(1000);
    expect((await script.closed).code).toBe(CLOSE_CODES.closed_by_operator.code);
  });
});

describe('time', () => {
  test('who sends no valid Connect is closed in time, whatever else it sends, and is told nothing', async () => {
    const bed = await bedWith();
    const script = await silent(bed, '/tcv/hall');
    const heard: string[] = [];
    script.socket.on('message', (data) => heard.push(String(data)));
    for (const action of ['Ping', 'UpdateGlobalField', 'Connected']) script.send(action, {});
    await bed.until(() => rejected(bed, 'unauthenticated') === 3);
    await bed.publish(element(STAT), { value: 1 });
    await bed.clock.advance(9000);
    script.send('Ping');
    await bed.until(() => rejected(bed, 'unauthenticated') === 4);
    await bed.clock.advance(2000);
    expect((await script.closed).code).toBe(CLOSE_CODES.connect_timeout.code);
    expect(heard).toEqual([]);
  });

  test('who answers nothing for the interval and 10 s is closed; a Ping, or an answer of WebSocket itself, is enough', async () => {
    const bed = await bedWith({ gateway: { heartbeatMs: 5000 } });
    const [dead, pinging, listening] = [await joined(bed), await joined(bed), await joined(bed)];
    for (const script of [dead, pinging, listening]) expect(await script.next()).toMatchObject({ action: 'Pong' });
    dead.socket.pause();
    let pongs = 0;
    listening.socket.on('ping', () => pongs++);
    for (let i = 0; i < 4; i++) {
      await bed.clock.advance(4000);
      pinging.send('Ping');
      expect(await pinging.next()).toMatchObject({ action: 'Pong' });
    }
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: 'tcv' }) === 2);
    expect(pongs).toBeGreaterThan(0);
    expect([pinging, listening].map(({ socket }) => socket.readyState)).toEqual([1, 1]);
  });

  test('text heartbeats are answered before and after Connect', async () => {
    const bed = await bedWith();
    const script = await silent(bed);
    const heard: string[] = [];
    script.socket.removeAllListeners('message');
    script.socket.on('message', (data) => heard.push(String(data)));
    script.socket.send('ping');
    script.socket.send('HeartBeat');
    await bed.until(() => heard.length === 2);
    expect(heard).toEqual(['pong', 'HeartBeat']);
  });

  test('settings are checked', () => {
    expect(tcvGateway.settings?.safeParse({ skewMs: 1 }).success).toBe(false);
    expect(tcvGateway.settings?.parse({})).toEqual({ connectTimeoutMs: 10_000, heartbeatMs: 31_000, skewMs: 300_000 });
  });
});
