import { existsSync, readdirSync } from 'node:fs';
import type { Standing } from '@tidewall/contracts';
import type { ByeFrame, PushFrame, ReplyFrame, ServerFrame } from '@tidewall/protocol';
import { CLOSE_CODES } from '@tidewall/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from './gateway-bed.contract.ts';
import type { CaseClient, GatewayCase } from './gateway-case.contract.ts';

const here = new URL('./', import.meta.url);
const kinds = readdirSync(here).filter((name) => existsSync(new URL(`${name}/gateway.contract.ts`, here)));

test('there are gateways to hold the contract', () => expect(kinds).not.toEqual([]));

const cases = await Promise.all(
  kinds.map(async (kind) => {
    const { gatewayCase } = (await import(`./${kind}/gateway.contract.ts`)) as { gatewayCase: GatewayCase };
    const variants = gatewayCase.variants?.map(({ title, dial }) => ({
      title,
      kind,
      gatewayCase: { ...gatewayCase, dial },
    }));
    return [{ title: 'as it is', kind, gatewayCase }, ...(variants ?? [])];
  }),
);

describe.each(cases.flat())('the gateway contract: $kind, $title', ({ kind, gatewayCase }) => {
  const open: { bed?: GatewayBed } = {};

  afterEach(async () => {
    await open.bed?.close();
    delete open.bed;
  });

  async function bedWith(options?: GatewayBedOptions): Promise<GatewayBed> {
    open.bed = await openGatewayBed(gatewayCase.definition, options);
    return open.bed;
  }

  async function connected(bed: GatewayBed): Promise<CaseClient> {
    const client = await gatewayCase.dial(bed.port);
    const reply = await ask(client, { id: 1, connect: { version: 1 } });
    expect(reply.connect?.node).toBe('n1');
    return client;
  }

  async function following(bed: GatewayBed, topic: string): Promise<CaseClient> {
    const client = await connected(bed);
    const reply = await ask(client, { id: 2, subscribe: { topic, kind: 'log' } });
    expect(reply.subscribe).toMatchObject({ kind: 'log' });
    return client;
  }

  test('[W15] publications arrive once and in order', async () => {
    const bed = await bedWith();
    const client = await following(bed, 'a/log');
    for (let i = 1; i <= 200; i++) await bed.publish('a/log', { i });
    for (let i = 1; i <= 200; i++) expect(await nextPush(client)).toMatchObject({ o: i, d: { i } });
  });

  test('[W7] commands are carried out once and in order, each with one answer', async () => {
    const bed = await bedWith({ limits: { commandBurst: 500 } });
    const client = await connected(bed);
    for (let id = 10; id < 210; id++)
      client.send(JSON.stringify({ id, publish: { topic: 'a/log', kind: 'log', data: id } }));
    for (let id = 10; id < 210; id++) expect(await client.next()).toMatchObject({ id, publish: { offset: id - 9 } });
    const { entries } = await bed.hub.history({ id: 'x', roles: [] }, { topic: 'a/log' });
    expect(entries.map((entry) => Number(entry.json))).toEqual(Array.from({ length: 200 }, (_, i) => i + 10));
  });

  test('[W7] publications in one frame are kept in its order, answered in its order, refused ones in their place', async () => {
    const bed = await bedWith({ limits: { commandBurst: 500 } });
    const client = await connected(bed);
    const topics = ['a/log', 'b/log', 'not a topic'];
    const commands = Array.from({ length: 300 }, (_, i) => ({
      id: i + 10,
      publish: { topic: topics[i % 3], kind: 'log', data: i },
    }));
    client.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    for (const [i, { id }] of commands.entries()) {
      const reply = (await client.next()) as ReplyFrame;
      expect(reply.id).toBe(id);
      if (i % 3 === 2) expect(reply.error?.name).toBe('bad_request');
      else expect(reply.publish?.offset).toBe(Math.floor(i / 3) + 1);
    }
    for (const [at, topic] of ['a/log', 'b/log'].entries()) {
      const { entries } = await bed.hub.history({ id: 'x', roles: [] }, { topic });
      expect(entries.map((entry) => Number(entry.json))).toEqual(Array.from({ length: 100 }, (_, i) => i * 3 + at));
    }
  });

  test('[W3] text comes through as it was sent, in every size of frame', async () => {
    const bed = await bedWith();
    const client = await following(bed, 'a/log');
    for (const length of [0, 1, 80, 125, 126, 1000, 65_000, 65_536, 120_000]) {
      const data = `潮${'é'.repeat(length)}\n"\u2028\\🌊`.slice(0, length + 20);
      await bed.publish('a/log', data);
      expect((await nextPush(client)).d).toBe(data);
    }
  });

  test.each([
    ['gone', 'closed_by_operator'],
    ['changed', 'token_expired'],
    ['expired', 'token_expired'],
  ] as const)('[A5] who is %s is out within five seconds, with its code, and nobody else', async (fate, code) => {
    let standing: Standing = 'stands';
    const people = { ann: { id: 'user:ann', roles: [], standing: () => standing }, bob: { id: 'user:bob', roles: [] } };
    const bed = await bedWith({ identifyToken: async (token) => people[token as 'ann'] });
    const [client, other] = [await gatewayCase.dial(bed.port), await gatewayCase.dial(bed.port)];
    await ask(client, { id: 1, connect: { version: 1, token: 'ann' } });
    await ask(other, { id: 1, connect: { version: 1, token: 'bob' } });
    for (const each of [client, other]) await ask(each, { id: 2, subscribe: { topic: 'a/log', kind: 'log' } });
    const from = bed.clock.now();
    standing = fate;
    let said: ServerFrame | undefined;
    void client.next().then((frame) => {
      said = frame;
    });
    await bed.until(() => said !== undefined);
    expect(said).toMatchObject({ bye: { code: CLOSE_CODES[code].code } });
    expect(bed.clock.now() - from).toBeLessThanOrEqual(5000);
    await bed.publish('a/log', 1);
    expect(await nextPush(other)).toMatchObject({ d: 1 });
  });

  test('the session ends when the peer goes', async () => {
    const bed = await bedWith();
    const client = await following(bed, 'a/log');
    expect(bed.watchers('a/log')).toBe(1);
    client.vanish();
    await bed.until(() => bed.watchers('a/log') === 0);
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: kind }) === 0);
  });

  test('[W32] a close carries its code and reason, after a line that says the same', async () => {
    const bed = await bedWith();
    const client = await gatewayCase.dial(bed.port);
    client.send(JSON.stringify({ id: 1, connect: { version: 99 } }));
    const { code } = CLOSE_CODES.version_mismatch;
    const reason = 'this server speaks version 1, not 99';
    expect(await client.next()).toEqual({ bye: { code, reason } });
    expect(await client.closed).toEqual({ code, reason });
    expect(bed.meter.value('tidewall_closes_total', { gateway: kind, code: String(code) })).toBe(1);
  });

  test.each(gatewayCase.refused)('[W5] $title is refused with its code', async ({ input, code }) => {
    const bed = await bedWith();
    const client = await connected(bed);
    client.send(input);
    expect((await client.closed).code).toBe(CLOSE_CODES[code].code);
  });

  test('[W5] a frame above the limit is refused, one at the limit is taken', async () => {
    const bed = await bedWith({ limits: { frameBytes: 2048 } });
    const fits = await gatewayCase.dial(bed.port);
    const overhead = gatewayCase.oversize(0).length;
    fits.send(gatewayCase.oversize(2048 - overhead));
    expect(await fits.next()).toHaveProperty('connect');
    const large = await gatewayCase.dial(bed.port);
    large.send(gatewayCase.oversize(2049 - overhead));
    expect((await large.closed).code).toBe(CLOSE_CODES.bad_frame.code);
  });

  test('[W25] who does not read is reported as full, and the others go on', async () => {
    // While it waits for real bytes, the bed's time goes far faster than the machine's.
    const bed = await bedWith({ limits: { deadMs: 1e9, noProgressMs: 1e9 } });
    const stalled = await following(bed, 'a/log');
    const reader = await following(bed, 'a/log');
    stalled.pause();
    const data = noise(100_000);
    let published = 0;
    while (bed.refusedWrites() === 0 && published < 500) {
      await bed.publish('a/log', data);
      published++;
      expect(await nextPush(reader)).toMatchObject({ o: published });
    }
    expect(bed.refusedWrites()).toBeGreaterThan(0);
    for (let i = 0; i < 20; i++) {
      await bed.publish('a/log', { i });
      published++;
      expect(await nextPush(reader)).toMatchObject({ o: published, d: { i } });
    }
    stalled.resume();
    for (let o = 1; o <= published; o++) expect(await pushWhile(bed, stalled)).toMatchObject({ o });
  });

  test('[W25] who reads nothing at all is closed after noProgressMs', async () => {
    const bed = await bedWith();
    const stalled = await following(bed, 'a/log');
    stalled.pause();
    for (let i = 0; bed.refusedWrites() === 0 && i < 500; i++) await bed.publish('a/log', noise(100_000));
    await bed.clock.advance(29_000);
    expect(bed.watchers('a/log')).toBe(1);
    await bed.clock.advance(3_000);
    expect(bed.watchers('a/log')).toBe(0);
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: kind }) === 0);
    expect(bed.meter.value('tidewall_closes_total', { gateway: kind, code: '4008' })).toBe(1);
  });

  test('[W36] draining tells every client when to come back, and resolves when all are gone', async () => {
    const bed = await bedWith();
    const clients = [await connected(bed), await following(bed, 'a/log'), await gatewayCase.dial(bed.port)];
    await bed.gateway.drain(new AbortController().signal);
    for (const client of clients) {
      const { bye } = (await client.next()) as ByeFrame;
      expect(bye.code).toBe(CLOSE_CODES.shutdown.code);
      expect(bye.afterMs).toEqual([500, 1000]);
      expect((await client.closed).code).toBe(CLOSE_CODES.shutdown.code);
    }
    const late = await gatewayCase.dial(bed.port);
    expect((await late.closed).code).toBe(CLOSE_CODES.shutdown.code);
  });

  test('draining that is given up still tells those whose commands hang', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    bed.hangCommands();
    client.send(JSON.stringify({ id: 2, publish: { topic: 'a', data: 1 } }));
    await bed.until(() => bed.hanging() === 1);
    const abort = new AbortController();
    const drained = bed.gateway.drain(abort.signal);
    abort.abort();
    await drained;
    expect((await client.closed).code).toBe(CLOSE_CODES.shutdown.code);
  });

  test('draining with no time left tells everybody and does not wait', async () => {
    const bed = await bedWith();
    const client = await connected(bed);
    client.pause();
    await bed.gateway.drain(AbortSignal.abort());
    client.resume();
    expect((await client.closed).code).toBe(CLOSE_CODES.shutdown.code);
  });

  test('no timer is left when the last connection has gone', async () => {
    const bed = await bedWith();
    const before = bed.clock.pending;
    const client = await connected(bed);
    client.vanish();
    await bed.until(() => bed.meter.value('tidewall_gateway_connections', { gateway: kind }) === 0);
    expect(bed.clock.pending).toBe(before);
  });
});

/** Text that no compression makes smaller than three quarters of it. */
function noise(length: number): string {
  let state = 1;
  const bytes = Uint8Array.from({ length: (length * 3) / 4 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
  return Buffer.from(bytes).toString('base64');
}

async function ask(client: CaseClient, command: object): Promise<ReplyFrame> {
  client.send(JSON.stringify(command));
  return (await client.next()) as ReplyFrame;
}

async function nextPush(client: CaseClient): Promise<PushFrame> {
  for (;;) {
    const frame: ServerFrame = await client.next();
    if ('t' in frame && frame.q === undefined) return frame;
  }
}

/** The next push of a session that catches up, for which the hub's time has to go on. */
async function pushWhile(bed: GatewayBed, client: CaseClient): Promise<PushFrame> {
  let push: PushFrame | undefined;
  const waiting = nextPush(client).then((frame) => {
    push = frame;
  });
  await bed.until(() => push !== undefined);
  await waiting;
  return push as unknown as PushFrame;
}
