import type { NonceVerdict, SignedWord } from '@tidewall/contracts';
import { CLOSE_CODES } from '@tidewall/protocol';
import type { SignedKey } from '@tidewall/protocol/schema';
import vectors from '@tidewall/protocol/vectors/signed-connects.json' with { type: 'json' };
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayBed, openGatewayBed } from '../gateway-bed.contract.ts';
import type { CaseClient } from '../gateway-case.contract.ts';
import { gatewayCase } from '../websocket/gateway.contract.ts';
import { signConnect, verifyConnect } from './signed-connect.ts';

const KEY = { id: 'hall-screens', secrets: ['the newer secret of it', 'the older secret of it'] };
const NOW_S = 1_700_000_000;
const open: { bed?: GatewayBed } = {};

afterEach(async () => {
  await open.bed?.close();
  delete open.bed;
});

async function bedWith(keys = [KEY]): Promise<GatewayBed> {
  open.bed = await openGatewayBed(gatewayCase.definition, { keys });
  return open.bed;
}

async function connect(bed: GatewayBed, key: SignedKey): Promise<CaseClient> {
  const client = await gatewayCase.dial(bed.port);
  client.send(JSON.stringify({ id: 1, connect: { version: 1, key } }));
  return client;
}

const signed = (more: Partial<Omit<SignedKey, 'id' | 'sig'>> = {}, secret = KEY.secrets[0] ?? '') =>
  signConnect({ keyId: KEY.id, secret }, { timestamp: NOW_S, nonce: 'nonce-001', ...more });

async function refusal(bed: GatewayBed, key: SignedKey) {
  const client = await connect(bed, key);
  const bye = await client.next();
  const { code } = await client.closed;
  expect(bye).toMatchObject({ bye: { code } });
  return { code, bye };
}

describe('[W51] a connect that is signed', () => {
  test.each(vectors.valid)('as other programs make it: $name', ({ secret, key }) => {
    const { id, sig, ...fields } = key as SignedKey;
    expect(signConnect({ keyId: id, secret }, fields)).toEqual(key);
    const words: SignedWord[] = [];
    const take = (word: SignedWord): NonceVerdict => {
      words.push(word);
      return 'fresh';
    };
    const principal = { id: `key:${id}`, roles: ['hall'] };
    const used: string[] = [];
    const noteUse = (name: string) => void used.push(name);
    const keys = { find: () => ({ id, secrets: [secret] }), principalOf: () => principal, noteUse };
    expect(verifyConnect({ keys, nonces: { take } }, key as SignedKey)).toBe(principal);
    expect(words).toEqual([{ keyId: id, nonce: key.nonce, signedAt: key.timestamp * 1000, skewMs: 60_000 }]);
    expect(used).toEqual([id]);
  });

  test('says who is there, also with the older secret of a key that is being rotated', async () => {
    const bed = await bedWith();
    await bed.publish('a', 1);
    for (const [at, secret] of KEY.secrets.entries()) {
      const client = await connect(bed, signed({ nonce: `nonce-00${at}`, name: `hall ${at}` }, secret));
      expect(await client.next()).toHaveProperty('connect.session');
      client.send('{"id":2,"subscribe":{"topic":"a"}}');
      await client.next();
    }
    const { members } = await bed.hub.presence({ id: 'x', roles: [] }, 'a');
    expect(members?.map(({ id, name }) => [id, name])).toEqual([
      ['key:hall-screens', 'hall 0'],
      ['key:hall-screens', 'hall 1'],
    ]);
  });
});

describe('[W52] a signed connect is refused', () => {
  test.each([-61, 61])('%i s off, with the right time', async (off) => {
    const bed = await bedWith();
    const { code, bye } = await refusal(bed, signed({ timestamp: NOW_S + off }));
    expect(code).toBe(CLOSE_CODES.clock_skew.code);
    expect(bye).toMatchObject({ bye: { now: bed.clock.now() } });
    const again = await connect(bed, signed({ timestamp: Math.floor(bed.clock.now() / 1000) }));
    expect(await again.next()).toHaveProperty('connect');
  });

  test('and a session ends when its key is deleted', async () => {
    const keys = [KEY];
    const bed = await bedWith(keys);
    const client = await connect(bed, signed());
    expect(await client.next()).toHaveProperty('connect');
    keys.length = 0;
    await bed.clock.advance(1000);
    expect((await client.closed).code).toBe(CLOSE_CODES.closed_by_operator.code);
  });

  test('and a session ends when the secret that signed it is not one of its key any more: sign again', async () => {
    const keys = [KEY];
    const bed = await bedWith(keys);
    const client = await connect(bed, signed());
    expect(await client.next()).toHaveProperty('connect');
    keys[0] = { ...KEY, secrets: ['the secret that came after it'] };
    await bed.clock.advance(1000);
    expect((await client.closed).code).toBe(CLOSE_CODES.token_expired.code);
  });
});
