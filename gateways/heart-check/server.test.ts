import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed, PUBLISHER } from '../gateway-bed.contract.ts';
import { JsonClient } from '../json/json-client.contract.ts';
import { heartCheckGateway } from './server.ts';

const open: { bed?: GatewayBed; clients: JsonClient[] } = { clients: [] };

afterEach(async () => {
  for (const client of open.clients.splice(0)) client.vanish();
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  open.bed = await openGatewayBed(heartCheckGateway, options);
  return open.bed;
}

async function dial(bed: GatewayBed): Promise<JsonClient> {
  const client = await JsonClient.open(`ws://127.0.0.1:${bed.port}/heart-check`);
  open.clients.push(client);
  return client;
}

async function next(bed: GatewayBed, client: JsonClient): Promise<unknown> {
  await bed.until(() => client.texts.length > 0);
  return client.frame();
}

async function letIn(bed: GatewayBed): Promise<JsonClient> {
  const client = await dial(bed);
  client.send({ type: 'auth', data: 'a token' });
  expect(await next(bed, client)).toEqual({ type: 'auth', data: 'auth ok' });
  return client;
}

async function closeOf(bed: GatewayBed, client: JsonClient) {
  let end: { readonly code: number; readonly reason: string } | undefined;
  void client.closed.then((closed) => {
    end = closed;
  });
  await bed.until(() => end !== undefined);
  return end;
}

describe('auth', () => {
  test.each([undefined, '', '  ', null, 7, { token: 'x' }])('with %j is answered noAuth', async (data) => {
    const bed = await bedWith();
    const client = await dial(bed);
    client.send({ type: 'auth', data });
    expect(await next(bed, client)).toEqual({ type: 'noAuth' });
    await bed.publish('heart-check/alarm', 1);
    await bed.clock.advance(100);
    expect(client.texts).toEqual([]);
    client.send({ type: 'auth', data: 'a token' });
    expect(await next(bed, client)).toEqual({ type: 'auth', data: 'auth ok' });
  });

  test('again is answered again, and changes nothing', async () => {
    const bed = await bedWith();
    const client = await letIn(bed);
    client.send({ type: 'auth', data: 'a newer token' });
    expect(await next(bed, client)).toEqual({ type: 'auth', data: 'auth ok' });
    await bed.publish('heart-check/alarm', 1);
    expect(await next(bed, client)).toEqual({ type: 'alarm', data: 1 });
    await bed.clock.advance(100);
    expect(client.texts).toEqual([]);
  });
});

describe('data', () => {
  test('of every topic heart-check/<type> comes under its type, now and when it changes', async () => {
    const bed = await bedWith();
    await bed.publish('heart-check/alarm', { level: 1 });
    await bed.publish('heart-check/auth', 'never in the name of the wire');
    await bed.publish('elsewhere/alarm', 0);
    const client = await letIn(bed);
    expect(await next(bed, client)).toEqual({ type: 'alarm', data: { level: 1 } });
    await bed.publish('heart-check/订单', [1]);
    expect(await next(bed, client)).toEqual({ type: '订单', data: [1] });
    await bed.hub.publish(PUBLISHER, { topic: 'heart-check/alarm', op: 'merge', data: { by: 'me' } });
    expect(await next(bed, client)).toEqual({ type: 'alarm', data: { level: 1, by: 'me' } });
    await bed.clock.advance(100);
    expect(client.texts).toEqual([]);
  });

  test('comes of the topics that types are set to be, also after one was let go', async () => {
    const topics = { alarm: 'plant/alarm', warning: 'plant/alarm', oee: 'plant/oee' };
    const bed = await bedWith({ gateway: { topics } });
    const client = await letIn(bed);
    for (const round of [1, 2]) {
      await bed.publish('plant/alarm', round);
      expect(await next(bed, client)).toEqual({ type: 'alarm', data: round });
      expect(await next(bed, client)).toEqual({ type: 'warning', data: round });
      await bed.hub.forget(PUBLISHER, 'plant/alarm');
      await bed.until(() => bed.watchers('plant/alarm') === 0);
    }
  });

  test.each([
    ['a pattern', { patternsPerSession: 0 }, {}],
    ['several topics', { subscriptionsPerSession: 1 }, { topics: { alarm: 'plant/alarm', oee: 'plant/oee' } }],
  ])(
    'that cannot be sent ends the connection: let in and told nothing, a page would wait for ever (%s)',
    async (_of, limits, gateway) => {
      const bed = await bedWith({ limits, gateway });
      const client = await dial(bed);
      client.send({ type: 'auth', data: 'a token' });
      const end = await closeOf(bed, client);
      expect(end).toMatchObject({ code: 4504, reason: expect.stringContaining('PerSession') });
      await bed.until(() => bed.meter.value('tidewall_sessions') === 0);
    },
  );

  test('cannot be set to be of a type that is the wire’s own', () => {
    const parse = () => heartCheckGateway.settings?.parse({ topics: { heartCheck: 'a' } });
    expect(parse).toThrow('must not be one of auth, noAuth, heartCheck');
  });
});

describe('heartCheck', () => {
  test('comes sooner than a client of the original gives up, for as long as it is answered', async () => {
    const bed = await bedWith();
    const client = await letIn(bed);
    let heardAt = bed.clock.monotonic();
    for (let beat = 0; beat < 5; beat++) {
      await bed.clock.advance(20_000);
      expect(await next(bed, client)).toEqual({ type: 'heartCheck' });
      expect(bed.clock.monotonic() - heardAt).toBeLessThan(31_000);
      heardAt = bed.clock.monotonic();
      client.send({ type: 'heartCheck' });
      const before = bed.rejections('heart-check');
      client.send('ping');
      await bed.until(() => client.texts.length > 0);
      expect(await client.text()).toBe('pong');
      expect(bed.rejections('heart-check')).toBe(before);
    }
  });

  test('that is not answered ends the connection before the next one', async () => {
    const bed = await bedWith({ gateway: { heartMs: 5000 } });
    const client = await letIn(bed);
    const end = await closeOf(bed, client);
    expect(end).toMatchObject({ code: 4012, reason: 'no heartCheck for 5000 ms' });
    expect(client.texts).toEqual(['{"type":"heartCheck"}']);
  });
});
