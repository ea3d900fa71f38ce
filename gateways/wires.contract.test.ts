import { existsSync, readdirSync } from 'node:fs';
import type { JsonValue } from '@tidewall/base';
import type { Standing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, type GatewayBedOptions, openGatewayBed } from './gateway-bed.contract.ts';
import type { JoinedClient, WireCase } from './wire-case.contract.ts';

/*
 * What every foreign wire is held to, whatever its frames are. The native wire has a contract of its own.
 */

const here = new URL('./', import.meta.url);
const has = (kind: string, file: string) => existsSync(new URL(`${kind}/${file}`, here));
const kinds = readdirSync(here).filter((kind) => has(kind, 'server.ts'));
const foreign = kinds.filter((kind) => has(kind, 'wire.contract.ts'));
/** Who answers requests one by one has no clients that stay; its own tests hold it. */
const answering = ['koa-http'];

test('every gateway is held to a contract', () => {
  const held = (kind: string) => has(kind, 'gateway.contract.ts') || foreign.includes(kind) || answering.includes(kind);
  expect(kinds.filter((kind) => !held(kind))).toEqual([]);
});

const cases = await Promise.all(
  foreign.map(async (kind) => {
    const { wireCase } = (await import(`./${kind}/wire.contract.ts`)) as { wireCase: WireCase };
    return { kind, wireCase };
  }),
);

describe.each(cases)('the wire contract: $kind', ({ kind, wireCase }) => {
  const open: { bed?: GatewayBed; clients: JoinedClient[] } = { clients: [] };

  afterEach(async () => {
    for (const client of open.clients.splice(0)) client.vanish();
    await open.bed?.close();
    delete open.bed;
  });

  async function bedWith(options: GatewayBedOptions = {}): Promise<GatewayBed> {
    const { topic, settings, keys = [] } = wireCase;
    const given = { settings: { [topic]: { kind: wireCase.kind } }, gateway: settings ?? {}, keys };
    open.bed = await openGatewayBed(wireCase.definition, { ...given, ...options });
    return open.bed;
  }

  async function joined(bed: GatewayBed): Promise<JoinedClient> {
    let client: JoinedClient | undefined;
    const joining = wireCase.join(bed.port).then((each) => {
      client = each;
      open.clients.push(each);
    });
    await Promise.all([joining, bed.until(() => client !== undefined)]);
    return client as unknown as JoinedClient;
  }

  const publish = (bed: GatewayBed, i: number) => bed.publish(wireCase.topic, wireCase.data(i), wireCase.kind);

  async function next(bed: GatewayBed, client: JoinedClient): Promise<JsonValue> {
    let got: { readonly data: JsonValue } | undefined;
    const coming = client.next().then((data) => {
      got = { data };
    });
    await Promise.all([coming, bed.until(() => got !== undefined)]);
    return (got as unknown as { data: JsonValue }).data;
  }

  test('publications reach every client once and in order', async () => {
    const bed = await bedWith();
    const clients = [await joined(bed), await joined(bed), await joined(bed)];
    for (let i = 1; i <= 30; i++) {
      await publish(bed, i);
      for (const client of clients) expect(await next(bed, client)).toEqual(wireCase.data(i));
    }
  });

  test('a client that is gone is not counted as a watcher any more', async () => {
    const bed = await bedWith();
    const client = await joined(bed);
    await publish(bed, 1);
    expect(await next(bed, client)).toEqual(wireCase.data(1));
    expect(bed.watchers(wireCase.topic)).toBe(1);
    client.vanish();
    await bed.until(() => bed.watchers(wireCase.topic) === 0);
  });

  test('a client that comes back is served again', async () => {
    const bed = await bedWith();
    const first = await joined(bed);
    first.vanish();
    await bed.until(() => bed.watchers(wireCase.topic) === 0);
    const second = await joined(bed);
    await publish(bed, 2);
    expect(await next(bed, second)).toEqual(wireCase.data(2));
  });

  test.each(wireCase.hostile)('$title: counted, and felt by nobody else', async ({ send }) => {
    const bed = await bedWith();
    const [bad, good] = [await joined(bed), await joined(bed)];
    const before = bed.rejections(kind);
    send(bad);
    await bed.until(() => bed.rejections(kind) > before);
    await publish(bed, 3);
    expect(await next(bed, good)).toEqual(wireCase.data(3));
  });

  test('one who does not read holds up nobody, and does not fill memory', async () => {
    const bed = await bedWith({ limits: { highWaterBytes: 4096 } });
    const [slow, good] = [await joined(bed), await joined(bed)];
    await publish(bed, 0);
    await next(bed, slow);
    await next(bed, good);
    slow.pause();
    let i = 0;
    while (bed.refusedWrites() === 0) {
      await publish(bed, ++i);
      expect(await next(bed, good)).toEqual(wireCase.data(i));
      expect(i).toBeLessThan(100_000);
    }
    await publish(bed, ++i);
    expect(await next(bed, good)).toEqual(wireCase.data(i));
  });

  test('[A5] who may not be there any more is out within five seconds, and is let in no more', async () => {
    let standing: Standing = 'stands';
    const keys = [...(wireCase.keys ?? [])];
    const who = () => {
      if (standing !== 'stands') throw new TidewallError('unauthenticated', 'not any more');
      return { id: 'user:ann', roles: [], standing: () => standing };
    };
    const bed = await bedWith({ identify: who, identifyToken: async () => who(), keys });
    const client = await joined(bed);
    await publish(bed, 1);
    expect(await next(bed, client)).toEqual(wireCase.data(1));
    standing = 'gone';
    keys.length = 0;
    await bed.clock.advance(5000);
    await bed.until(() => bed.watchers(wireCase.topic) === 0);
    await client.closed;
    void wireCase.join(bed.port).then(
      (again) => open.clients.push(again),
      () => {},
    );
    await bed.clock.advance(1000);
    expect(bed.watchers(wireCase.topic)).toBe(0);
  });

  test('a server that stops lets every client go', async () => {
    const bed = await bedWith();
    const client = await joined(bed);
    const abort = new AbortController();
    let drained = false;
    const draining = bed.gateway.drain(abort.signal).then(() => {
      drained = true;
    });
    await Promise.all([draining, client.closed, bed.until(() => drained)]);
    await bed.until(() => bed.watchers(wireCase.topic) === 0);
  });
});
