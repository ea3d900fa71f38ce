import type { JsonObject } from '@tidewall/base';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Encoding, Outlet } from '@tidewall/contracts';
import { createHub, openAccess } from '@tidewall/hub';
import { type CloseName, DEFAULT_LIMITS } from '@tidewall/protocol';
import { FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JsonPeer } from '../json/json-peer.ts';
import { createGatewayMetrics, type NativeWire } from '../native/index.ts';
import { createNonceMemory } from '../signed/index.ts';
import { tcvSettings } from './settings.ts';
import { TcvConversation } from './tcv-conversation.ts';
import { createTcvEncoding } from './tcv-encoding.ts';
import { signedBody } from './tcv-script.contract.ts';

const ATTEMPTS = 100_000;
const SECRET_ID = 'hall-screens';
const SECRETS = ['the newer secret of this key', 'the older secret of this key'];
const settings = tcvSettings.parse({});

/** A wire that ends here, so that a hundred thousand connections can be made. */
class EndOfWire implements NativeWire {
  readonly encoding: Encoding = createTcvEncoding();
  readonly congested = false;
  closedWith: CloseName | undefined;
  sent = 0;
  write: Outlet['write'] = () => true;
  takenBytes = () => 0;
  send = () => {
    this.sent++;
  };
  ask(): void {}
  pause(): void {}
  resume(): void {}
  close(code: CloseName): void {
    this.closedWith = code;
  }
}

const clock = new FakeClock();
const counter = { add() {} };
const meter = { counter: () => counter, gauge() {}, gauges() {} };
const log = { debug() {}, info() {}, warn() {}, error() {} };
const limits = { ...DEFAULT_LIMITS, sessions: 10 * ATTEMPTS };
let broker: ReturnType<typeof createMemoryBroker>;
let hub: ReturnType<typeof createHub>;
let opened = 0;

beforeEach(() => {
  const random = Math.random;
  broker = createMemoryBroker({ random });
  hub = createHub({ broker, access: openAccess, clock, limits, meter, log, random, settingsOf: () => undefined });
  opened = 0;
});

afterEach(async () => {
  hub.dispose();
  await broker.close();
});

function gate(keyIds: readonly string[] = [SECRET_ID]) {
  const nonces = createNonceMemory({ clock, meter });
  const keys = {
    find: (id: string) => (keyIds.includes(id) ? { id, secrets: SECRETS } : undefined),
    principalOf: (id: string) => (keyIds.includes(id) ? { id: `key:${id}`, roles: [] } : undefined),
    noteUse() {},
  };
  const metrics = createGatewayMetrics(meter, 'tcv', () => 0);
  const nobody = { id: '', roles: [] };
  const who = { identify: () => nobody, identifyToken: async () => nobody };
  const context = { hub, limits, clock, log, meter, node: 'n1', keys, nonces, ...who };
  /** Tries to connect with a body; the session is ended again. */
  return async (body: unknown): Promise<CloseName | 'accepted'> => {
    const wire = new EndOfWire();
    const options = { context, settings, metrics, wire, arrived: nobody, path: '/hall' };
    const converse = (peer: JsonPeer) => new TcvConversation(peer, options);
    const peer = new JsonPeer({ kind: 'tcv', context, metrics, wire, converse });
    peer.receive(Buffer.from(JSON.stringify({ version: 1, action: 'Connect', body })));
    await peer.finish();
    peer.ended();
    if (wire.closedWith === undefined) opened++;
    return wire.closedWith ?? 'accepted';
  };
}

/** Mutations of what was signed: each gives a body that nobody has signed. */
const MUTATIONS: readonly ((body: JsonObject, random: () => number) => JsonObject)[] = [
  // One bit of the signature.
  (body, random) => {
    const bytes = Buffer.from(String(body['TcvSignature']), 'base64');
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    return { ...body, TcvSignature: bytes.toString('base64') };
  },
  // One character of it, which may mean the same bytes.
  (body, random) => {
    const text = String(body['TcvSignature']);
    const at = Math.floor(random() * text.length);
    const other = String.fromCharCode(33 + Math.floor(random() * 94));
    return { ...body, TcvSignature: text.slice(0, at) + other + text.slice(at + 1) };
  },
  (body, random) => ({ ...body, TcvSignature: String(body['TcvSignature']).slice(0, Math.floor(random() * 44)) }),
  (body, random) => ({ ...body, TcvSignature: `${body['TcvSignature']}${' =A'[Math.floor(random() * 3)]}` }),
  (body, random) => ({ ...body, TcvNonce: Number(body['TcvNonce']) + 1 + Math.floor(random() * 1e6) }),
  (body, random) => ({ ...body, TcvTimestamp: Number(body['TcvTimestamp']) - 1 - Math.floor(random() * 200) }),
  (body) => ({ ...body, TcvNonce: String(body['TcvNonce']) }),
  (body) => ({ ...body, TcvSecretId: `${body['TcvSecretId']}&TcvTimestamp=${body['TcvTimestamp']}` }),
  (body, random) => ({ ...body, [`Extra${Math.floor(random() * 100)}`]: random() }),
  (body) => ({ ...body, TcvSecretId: 'another-key' }),
  (body) => ({ ...body, TcvSignature: '' }),
];

test('of 100,000 signatures that were changed, replayed or late, none is accepted', {
  timeout: 120_000,
}, async () => {
  const connect = gate([SECRET_ID, 'another-key']);
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };
  const verdicts = new Map<string, number>();
  const nowS = Math.floor(clock.now() / 1000);
  const sign = (timestamp: number, nonce: number, of = 0) =>
    signedBody({ secretId: SECRET_ID, secretKey: SECRETS[of] ?? '', timestamp, nonce });
  const used = sign(nowS, 1);
  expect(await connect(used)).toBe('accepted');
  for (let i = 0; i < ATTEMPTS; i++) {
    const attempt = i % 10;
    const mutate = MUTATIONS[Math.floor(random() * MUTATIONS.length)];
    const good = sign(nowS, 2 + i, i % 2) as JsonObject;
    let body: JsonObject = good;
    if (attempt === 8) body = used;
    else if (attempt === 9) body = sign(nowS + (random() < 0.5 ? -1 : 1) * (301 + Math.floor(random() * 1e6)), 2 + i);
    else body = mutate?.(good, random) ?? used;
    // A character may be replaced by itself.
    if (JSON.stringify(body) === JSON.stringify(good)) continue;
    const verdict = await connect(body);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  expect(opened).toBe(1);
  expect([...verdicts.keys()].sort()).toEqual(['bad_frame', 'bad_signature', 'clock_skew']);
  expect(verdicts.get('clock_skew')).toBe(ATTEMPTS / 10);
  // The gate is open for who has the secret all the while.
  expect(await connect(sign(nowS, 3 * ATTEMPTS))).toBe('accepted');
});

test('a wrong signature takes as long for a key that there is as for one that there is not', async () => {
  const connect = gate();
  const nowS = Math.floor(clock.now() / 1000);
  const body = (secretId: string) => signedBody({ secretId, secretKey: 'wrong', timestamp: nowS });
  const rounds = 3000;
  const spent: Record<string, number[]> = { [SECRET_ID]: [], 'hall-nobody1': [] };
  for (let i = 0; i < rounds; i++) {
    for (const [id, times] of Object.entries(spent)) {
      const attempt = body(id);
      const from = performance.now();
      expect(await connect(attempt)).toBe('bad_signature');
      times.push(performance.now() - from);
    }
  }
  const median = (times: readonly number[] = []) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  const [known, unknown] = Object.values(spent).map(median) as [number, number];
  // An HMAC takes a few microseconds: one that is left out would be a third of it all.
  expect(Math.abs(known - unknown) / Math.max(known, unknown)).toBeLessThan(0.25);
});
