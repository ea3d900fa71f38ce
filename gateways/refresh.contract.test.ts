import { existsSync, readdirSync } from 'node:fs';
import type { Access, Principal } from '@tidewall/contracts';
import { CLOSE_CODES, TidewallError } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, openGatewayBed } from './gateway-bed.contract.ts';
import type { CaseClient, GatewayCase } from './gateway-case.contract.ts';
import { signConnect } from './native/signed-connect.ts';
import { WireClient } from './wire-client.contract.ts';

/*
 * What whoever is connected over a native wire can show anew, over each of them.
 */

const here = new URL('./', import.meta.url);
const kinds = readdirSync(here).filter((name) => existsSync(new URL(`${name}/gateway.contract.ts`, here)));
const cases = await Promise.all(
  kinds.map(async (kind) => {
    const { gatewayCase } = (await import(`./${kind}/gateway.contract.ts`)) as { gatewayCase: GatewayCase };
    return { kind, gatewayCase };
  }),
);

const START = new FakeClock().now();
const KEY = { id: 'hall', secrets: ['the newer secret of it', 'the older secret of it'] };

/** `ann 60 a b`: who, for how many seconds from the start, and the topics that may be read. */
function tokens(now: () => number) {
  return async (token: string): Promise<Principal> => {
    const [who = '', seconds = '', ...roles] = token.split(' ');
    if (who === 'nobody') throw new TidewallError('unauthenticated', 'the token is not taken');
    const endsAt = START + Number(seconds) * 1000;
    if (now() >= endsAt) throw new TidewallError('token_expired', 'the token ran out; fetch a new one');
    return { id: `token:${who}`, roles, endsAt, standing: () => (now() < endsAt ? 'stands' : 'expired') };
  };
}

const byRole: Access = {
  permit: ({ id, roles }, _action, topic) => {
    if (!id.startsWith('token:')) return {};
    if (topic === 't') return { filter: ['site', 'in', [...roles]] };
    return roles.includes(topic) ? {} : undefined;
  },
};

describe.each(cases)('showing something newer: $kind', ({ gatewayCase }) => {
  const open: { bed?: GatewayBed } = {};

  afterEach(async () => {
    await open.bed?.close();
    delete open.bed;
  });

  async function bedWith(): Promise<GatewayBed> {
    const bed = await openGatewayBed(gatewayCase.definition, {
      identifyToken: (token) => tokens(() => bed.clock.now())(token),
      access: byRole,
      keys: [KEY],
      settings: { t: { kind: 'table' } },
    });
    open.bed = bed;
    return bed;
  }

  async function connected(bed: GatewayBed, shown: object) {
    const socket: CaseClient = await gatewayCase.dial(bed.port);
    const client = new WireClient(bed, socket);
    return { client, reply: await client.done('connect', { version: 1, ...shown }) };
  }

  test('[W59] [W60] the session goes on by what was shown last, and what came before it does not end it', async () => {
    const bed = await bedWith();
    const { client, reply } = await connected(bed, { token: 'ann 5 a' });
    expect(reply.expiresMs).toBe(START + 5000 - bed.clock.now());
    await client.done('subscribe', { topic: 'a', kind: 'log' });
    await bed.clock.advance(2000);
    const { expiresMs } = await client.done('refresh', { token: 'ann 60 a' });
    expect(expiresMs).toBe(START + 60_000 - bed.clock.now());
    await bed.clock.advance(10_000);
    await bed.publish('a', 'later', 'log');
    expect((await client.pushed()).map(({ d }) => d)).toEqual(['later']);
    await bed.clock.advance(60_000);
    expect((await client.closed).code).toBe(CLOSE_CODES.token_expired.code);
  });

  test('[W60] another one, a wrong one and one that ran out are refused by name, and nothing has changed', async () => {
    const bed = await bedWith();
    const { client } = await connected(bed, { token: 'ann 60 a' });
    await client.done('subscribe', { topic: 'a', kind: 'log' });
    await bed.clock.advance(2000);
    expect(await client.refused({ refresh: { token: 'bob 900 a b' } })).toBe('conflict');
    expect(await client.refused({ refresh: { token: 'nobody 900' } })).toBe('unauthenticated');
    expect(await client.refused({ refresh: { token: 'ann 1 a b' } })).toBe('token_expired');
    expect(await client.refused({ subscribe: { topic: 'b' } })).toBe('permission_denied');
    await bed.publish('a', 1, 'log');
    expect((await client.pushed()).map(({ d }) => d)).toEqual([1]);
    await bed.clock.advance(60_000);
    expect((await client.closed).code).toBe(CLOSE_CODES.token_expired.code);
  });

  test('[W61] what may not be seen any more ends by name, what is seen otherwise is asked for anew, the rest goes on', async () => {
    const bed = await bedWith();
    await bed.publish('t', [
      { id: 1, site: 'a' },
      { id: 2, site: 'c' },
    ]);
    const { client } = await connected(bed, { token: 'ann 60 a b' });
    const numbers: number[] = [];
    for (const topic of ['a', 'b', 't']) numbers.push((await client.done('subscribe', { topic })).topic);
    await client.pushed();
    await client.done('refresh', { token: 'ann 60 a c' });
    const ends = (await client.pushed()).flatMap(({ t, end }) => (end === undefined ? [] : [[t, end.code]]));
    expect(ends).toEqual([
      [numbers[1], 2103],
      [numbers[2], 2501],
    ]);
    await client.done('subscribe', { topic: 't' });
    await bed.publish('a', 7);
    const pushes = (await client.pushed()).filter(({ d }) => d !== undefined);
    const rows = [
      { id: 1, site: 'a' },
      { id: 2, site: 'c' },
    ];
    expect(pushes).toEqual([
      expect.objectContaining({ r: 1, d: rows }),
      expect.objectContaining({ t: numbers[0], d: 7 }),
    ]);
    expect(await client.refused({ subscribe: { topic: 'b' } })).toBe('permission_denied');
  });

  test('[W60] a key signs again while it is rotated: the session stands by the newer signature', async () => {
    const bed = await bedWith();
    const signed = (secret: string, nonce: string, offS = 0) => {
      const timestamp = Math.floor(bed.clock.now() / 1000) + offS;
      return { key: signConnect({ keyId: KEY.id, secret }, { timestamp, nonce }) };
    };
    const [newer = '', older = ''] = KEY.secrets;
    const keys = KEY.secrets as string[];
    const { client, reply } = await connected(bed, signed(older, 'nonce-0001'));
    expect(reply).not.toHaveProperty('expiresMs');
    expect(await client.refused({ refresh: signed(older, 'nonce-0001') })).toBe('unauthenticated');
    const late = await client.ask({ refresh: signed(newer, 'nonce-0002', -61) });
    expect(late.error).toMatchObject({ name: 'unauthenticated', detail: { now: bed.clock.now() } });
    await client.done('refresh', signed(newer, 'nonce-0003'));
    try {
      keys.pop();
      await bed.clock.advance(3000);
      expect(await client.done('publish', { topic: 'a', data: 1 })).toMatchObject({ offset: 1 });
      keys[0] = 'another secret altogether';
      await bed.clock.advance(2000);
      expect((await client.closed).code).toBe(CLOSE_CODES.token_expired.code);
    } finally {
      keys.splice(0, keys.length, newer, older);
    }
  });

  test('[W11] nothing is refreshed before connect', async () => {
    const bed = await bedWith();
    const client = new WireClient(bed, await gatewayCase.dial(bed.port));
    expect(await client.refused({ refresh: { token: 'ann 60 a' } })).toBe('unauthenticated');
  });
});
