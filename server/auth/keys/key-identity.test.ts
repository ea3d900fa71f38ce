import type { IncomingMessage } from 'node:http';
import type { Principal, SigningKey } from '@tidewall/contracts';
import { createNonceMemory } from '@tidewall/gateways/signed';
import vectors from '@tidewall/protocol/vectors/signed-requests.json' with { type: 'json' };
import { FakeClock } from '@tidewall/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { createKeyIdentity, type KeyIdentity } from './key-identity.ts';
import { readRequestSignature, signRequest } from './request-signature.ts';
import { secretOf } from './secret-of.ts';

const NEWER = 'the newer secret, of:it';
const OLDER = 'the older secret of it';
const ATTEMPTS = 100_000;
const meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
let clock: FakeClock;
/** A key that is changed by putting another one in its place. */
let keys: Map<string, SigningKey>;
let principals: Map<string, Principal>;
let used: string[];
let identity: KeyIdentity;

beforeEach(() => {
  clock = new FakeClock();
  keys = new Map();
  principals = new Map();
  used = [];
  put({ id: 'press-4', secrets: [NEWER, OLDER], bearer: true });
  put({ id: 'signs', secrets: [NEWER], bearer: false });
  const ring = {
    find: (id: string) => keys.get(id),
    principalOf: (id: string) => (keys.has(id) ? principals.get(id) : undefined),
    noteUse: (id: string) => void used.push(id),
  };
  identity = createKeyIdentity({ keys: ring, nonces: createNonceMemory({ clock, meter }), clock, meter });
});

function put(key: SigningKey): void {
  keys.set(key.id, key);
  principals.set(key.id, principals.get(key.id) ?? { id: `key:${key.id}`, roles: ['publisher'] });
}

const request = (authorization: string, method = 'GET', url = '/', more: Record<string, string> = {}) =>
  ({ method, url, headers: { authorization, ...more } }) as unknown as IncomingMessage;
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** What is told, of what was let in or refused. */
function outcome(attempt: () => unknown): string {
  try {
    const found = attempt() as Principal | undefined;
    return found === undefined ? 'nobody' : `let in as ${found.id}`;
  } catch (failure) {
    const { kind, message } = failure as { kind: string; message: string };
    return `${kind}: ${message}`;
  }
}

describe('[A2] a secret that is shown', () => {
  test.each([
    ['Bearer', (pair: string) => `Bearer ${pair}`],
    ['Token, as clients of InfluxDB send it', (pair: string) => `Token ${pair}`],
    ['user and password', basic],
  ])('lets in as %s, the older one too, and nobody with any other', (_, write) => {
    const of = (pair: string) => outcome(() => identity.of(request(write(pair))));
    for (const secret of [NEWER, OLDER]) expect(of(`press-4:${secret}`)).toBe('let in as key:press-4');
    const wrong = [
      'press-4:',
      `press-4:${NEWER} `,
      `press-4:${NEWER.slice(1)}`,
      `press-5:${NEWER}`,
      `:${NEWER}`,
      NEWER,
    ];
    for (const pair of [...wrong, 'press-4:no secret', 'press-5:no secret', `__proto__:${NEWER}`]) {
      expect(of(pair)).toBe('nobody');
    }
    expect(used).toEqual(['press-4', 'press-4']);
  });

  test('lets in where a token comes in a frame', () => {
    expect(outcome(() => identity.ofToken(`press-4:${OLDER}`))).toBe('let in as key:press-4');
    for (const token of ['', ':', 'press-4', `press-4:${OLDER}x`, 'a.b.c']) {
      expect(outcome(() => identity.ofToken(token))).toBe('nobody');
    }
  });

  test('of a key that only signs is refused, which only those are told who have it', () => {
    expect(outcome(() => identity.ofToken(`signs:${NEWER}`))).toMatch(/^unauthenticated: the key signs only signs/);
    expect(outcome(() => identity.ofToken(`signs:${OLDER}`))).toBe('nobody');
    expect(used).toEqual([]);
  });

  test('is compared with as many secrets whether its key is there or not', () => {
    for (const id of ['press-4', 'signs', 'nobody']) {
      const tried: string[] = [];
      secretOf({ find: (name) => keys.get(name) }, id, (secret) => tried.push(secret) < 0);
      expect(tried).toHaveLength(2);
    }
    // What stands in for a secret that is not there lets nobody in.
    expect(secretOf({ find: () => undefined }, 'nobody', () => true)).toBeUndefined();
    expect(secretOf({ find: (id) => keys.get(id) }, 'signs', () => true)).toBe(NEWER);
  });
});

describe('[A5] who shows a key', () => {
  test('is the same one each time, as long as the secret is one of the key', () => {
    const who = identity.ofToken(`press-4:${OLDER}`);
    expect(identity.of(request(basic(`press-4:${OLDER}`)))).toBe(who);
    expect(who?.standing?.()).toBe('stands');
    put({ id: 'press-4', secrets: ['one that came after'], bearer: true });
    expect(who?.standing?.()).toBe('expired');
    put({ id: 'press-4', secrets: [OLDER], bearer: true });
    expect(who?.standing?.()).toBe('stands');
  });

  test('has to come again when the key may only sign from now on, which who signs need not', () => {
    const who = identity.ofToken(`press-4:${NEWER}`);
    const signing = identity.of(request(sign())) as Principal;
    put({ id: 'press-4', secrets: [NEWER], bearer: false });
    expect([who?.standing?.(), signing.standing?.()]).toEqual(['expired', 'stands']);
  });

  test('stands as the key does, and is another one when the key is', () => {
    const changed: Principal = { id: 'key:press-4', roles: [], standing: () => 'gone' };
    principals.set('press-4', changed);
    const who = identity.ofToken(`press-4:${NEWER}`);
    expect(who?.standing?.()).toBe('gone');
    principals.set('press-4', { ...changed, standing: () => 'stands' });
    expect(identity.ofToken(`press-4:${NEWER}`)).not.toBe(who);
    expect(who?.standing?.()).toBe('gone');
  });
});

interface Asked {
  readonly id?: string;
  readonly secret?: string;
  readonly method?: string;
  readonly target?: string;
  readonly timestamp?: number;
  readonly nonce?: string;
  readonly body?: string;
}

let nonce = 0;
function sign(asked: Asked = {}): string {
  const { id = 'press-4', secret = NEWER, method = 'GET', target = '/', body = '' } = asked;
  const { timestamp = Math.floor(clock.now() / 1000), nonce: own = `nonce-of-${nonce++}` } = asked;
  return signRequest({ keyId: id, secret }, { method, target }, { timestamp, nonce: own, body });
}

const CHARACTERS = 'AZaz09._~-/?=&,"" ';

/** The text with one character that is another, or is not there. */
function change(text: string, i: number): string {
  const at = i % text.length;
  const by = CHARACTERS[Math.floor(i / text.length) % CHARACTERS.length] ?? '';
  return `${text.slice(0, at)}${text[at] === by ? '' : by}${text.slice(at + 1)}`;
}

/** The header with a change that is one: spaces and quotes may stand where they like. */
function changeParameters(header: string, i: number): string {
  const scheme = 'Tidewall-HMAC ';
  const parameters = header.slice(scheme.length);
  const changed = change(parameters, i);
  try {
    const same = JSON.stringify(readRequestSignature(changed)) === JSON.stringify(readRequestSignature(parameters));
    return same ? '' : scheme + changed;
  } catch {
    return scheme + changed;
  }
}

describe('[A1] a request that is signed', () => {
  test.each(vectors.valid)('as other programs sign it: $name', ({ secret, method, target, body, authorization }) => {
    const [, id = '', timestamp = ''] = /id=([^,]+), timestamp=(\d+)/.exec(authorization) ?? [];
    put({ id, secrets: [secret] });
    clock.jump(Number(timestamp) * 1000 - clock.now());
    const asked = request(authorization, method, target);
    expect(outcome(() => identity.of(asked))).toBe(`let in as key:${id}`);
    identity.checkBody(asked, Buffer.from(body));
    expect(() => identity.checkBody(asked, Buffer.from(`${body} `))).toThrow('the body is not the one that was signed');
    const own = /nonce=([^,]+)/.exec(authorization)?.[1] ?? '';
    expect(sign({ id, secret, method, target, body, timestamp: Number(timestamp), nonce: own })).toBe(authorization);
  });

  test('is taken once, by either secret, from keys that only sign too', () => {
    const first = sign({ secret: OLDER });
    expect(outcome(() => identity.of(request(first)))).toBe('let in as key:press-4');
    expect(outcome(() => identity.of(request(first)))).toBe(
      'unauthenticated: the nonce was used before; sign with another',
    );
    expect(outcome(() => identity.of(request(sign({ id: 'signs' }))))).toBe('let in as key:signs');
  });

  test('is refused alike with a key that there is not and with a wrong secret', () => {
    const of = (asked: Asked) => outcome(() => identity.of(request(sign(asked))));
    expect(of({ id: 'nobody' })).toBe('unauthenticated: the signature is wrong');
    expect(of({ secret: 'another secret of it' })).toBe(of({ id: 'nobody' }));
    expect(of({ id: 'nobody', secret: 'no secret' })).toBe(of({ id: 'nobody' }));
  });

  test.each([-61, 61])('%i s off is refused with the right time', (off) => {
    const timestamp = Math.floor(clock.now() / 1000) + off;
    try {
      identity.of(request(sign({ timestamp })));
      expect.unreachable();
    } catch (failure) {
      expect(failure).toMatchObject({ kind: 'unauthenticated', detail: { now: clock.now() } });
    }
  });

  test.each([
    ['', 'nobody'],
    ['id=press-4', 'nonce must match'],
    ['id=a, id=a', 'Tidewall-HMAC id=…'],
    ['id=a, more=1', 'Tidewall-HMAC id=…'],
    ['__proto__=a', 'Tidewall-HMAC id=…'],
    ['id=a,timestamp=01,nonce=12345678,body=,sig=', 'must match'],
    [`id=a, timestamp=1, nonce=1234567, body=${'0'.repeat(64)}, sig=${'A'.repeat(43)}`, 'nonce must match'],
    [`id=a, timestamp=1, nonce=12345678, body=${'A'.repeat(64)}, sig=${'A'.repeat(43)}`, 'body must match'],
  ])('with the parameters %j is refused', (parameters, says) => {
    expect(outcome(() => identity.of(request(`Tidewall-HMAC ${parameters}`)))).toContain(says);
  });

  test('of 100,000 that were changed, replayed or late, none is accepted', () => {
    const asked = { method: 'POST', target: '/api/topics/a?op=merge', body: '{"v":1}' };
    const good = sign(asked);
    const of = (header: string, method = asked.method, target = asked.target) =>
      outcome(() => identity.of(request(header, method, target)));
    expect(of(good)).toBe('let in as key:press-4');
    let accepted = 0;
    for (let i = 0; i < ATTEMPTS; i++) {
      const late = Math.floor(clock.now() / 1000) + (i % 2 === 0 ? 61 + i : -61 - i);
      const attempts = [
        () => of(changeParameters(sign(asked), i)),
        () => of(sign(asked), change('POST', i)),
        () => of(sign(asked), 'POST', change(asked.target, i)),
        () => of(sign({ ...asked, timestamp: late })),
        () => of(good),
      ];
      if (attempts[i % attempts.length]?.().startsWith('let in')) accepted++;
    }
    expect(accepted).toBe(0);
  });

  test('with a body is for those who check it: nobody else takes it', () => {
    const signed = (body: string, more: Record<string, string>) => {
      const asked = request(sign({ method: 'POST', body }), 'POST', '/', more);
      identity.of(asked);
      return outcome(() => identity.requireNoBody(asked));
    };
    expect(signed('', {})).toBe('nobody');
    expect(signed('', { 'content-length': '0' })).toBe('nobody');
    expect(signed('{}', {})).toMatch(/^unauthenticated: a request with a body/);
    expect(signed('', { 'content-length': '2' })).toMatch(/^unauthenticated/);
    expect(signed('', { 'transfer-encoding': 'chunked' })).toMatch(/^unauthenticated/);
    expect(outcome(() => identity.requireNoBody(request(basic(`press-4:${NEWER}`), 'POST')))).toBe('nobody');
  });
});
