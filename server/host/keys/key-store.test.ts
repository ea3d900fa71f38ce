import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, silentLog, TestStore } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigError } from '../startup-errors.ts';
import { KeyStore, MOST_KEYS } from './key-store.ts';
import { KeyUses } from './key-uses.ts';

const DAY_MS = 86_400_000;
const MASTER = 'a master secret of more than thirty-two characters';
const meter = { counter: () => ({ add() {} }), gauge() {}, gauges() {} };
let folder: string;
let clock: FakeClock;
let kept: TestStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-keys-'));
  clock = new FakeClock();
  kept = await TestStore.open();
});

afterEach(async () => {
  await kept.close();
  await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);
const open = (secret?: string) =>
  KeyStore.open({ store: kept, secretPath: file('secret.key'), secret, clock, meter, log: silentLog });
const text = () => kept.text('keys');

async function refusal(opening: Promise<unknown>): Promise<string> {
  const failure = await opening.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(ConfigError);
  return (failure as Error).message;
}

describe('keys', () => {
  test('a key is found with the secret that was told once, also after a restart', async () => {
    const store = await open();
    const { id, secret, ...shown } = await store.create({ name: 'hall A' });
    expect(id).toMatch(/^tk[0-9a-f]{18}$/);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(shown).toEqual({
      name: 'hall A',
      createdAt: clock.now(),
      disabled: false,
      roles: ['viewer', 'publisher'],
      rules: [],
      bearer: true,
      secrets: [{ createdAt: clock.now() }],
    });
    expect(store.find(id)).toEqual({ id, secrets: [secret], bearer: true });
    expect((await open()).find(id)).toEqual({ id, secrets: [secret], bearer: true });
    expect(store.find('another')).toBeUndefined();
    expect(store.find('__proto__')).toBeUndefined();
  });

  test('a pair that clients have already is taken over, once; another one with its id is refused', async () => {
    const store = await open();
    const pair = { id: 'AKID.hall_7', secret: 'wJ3p9rT0a8kLq2Zx' };
    expect(await store.create(pair)).toMatchObject(pair);
    expect(store.find(pair.id)?.secrets).toEqual([pair.secret]);
    const before = await text();
    expect(await store.create(pair)).toMatchObject(pair);
    expect(await text()).toBe(before);
    for (const secret of ['another secret of it', undefined]) {
      await expect(store.create({ id: pair.id, secret })).rejects.toMatchObject({ kind: 'conflict' });
    }
  });

  test('a rotated key has two secrets until the overlap ends, the newer first', async () => {
    const store = await open();
    const { id, secret: older } = await store.create({});
    await clock.advance(1000);
    const { secret: newer } = await store.rotate(id, DAY_MS);
    expect(store.find(id)?.secrets).toEqual([newer, older]);
    expect((await open()).find(id)?.secrets).toEqual([newer, older]);
    await expect(store.rotate(id, DAY_MS)).rejects.toMatchObject({ kind: 'conflict' });
    clock.jump(DAY_MS);
    expect(store.find(id)?.secrets).toEqual([newer]);
    expect(store.list()[0]?.secrets).toHaveLength(1);
    const { secret: newest } = await store.rotate(id, DAY_MS);
    expect(store.find(id)?.secrets).toEqual([newest, newer]);
  });

  test('an overlap of 0 ends every older secret at once', async () => {
    const store = await open();
    const { id } = await store.create({});
    await store.rotate(id, DAY_MS);
    const { secret } = await store.rotate(id, 0);
    expect(store.find(id)?.secrets).toEqual([secret]);
  });

  test('what is disabled or deleted signs nothing, and an id that is made again has no old secret', async () => {
    const store = await open();
    const { secret } = await store.create({ id: 'hall' });
    await store.change('hall', { disabled: true });
    expect(store.find('hall')).toBeUndefined();
    expect((await open()).find('hall')).toBeUndefined();
    await store.change('hall', { disabled: false });
    expect(store.find('hall')?.secrets).toEqual([secret]);
    await store.delete('hall');
    expect(store.find('hall')).toBeUndefined();
    await expect(store.rotate('hall', 0)).rejects.toMatchObject({ kind: 'bad_request' });
    await expect(store.delete('hall')).rejects.toThrow('there is no key "hall"');
    const again = await store.create({ id: 'hall' });
    expect(store.find('hall')?.secrets).toEqual([again.secret]);
    expect(again.secret).not.toBe(secret);
  });

  test('changes that come together are all kept, up to the limit', async () => {
    const store = await open();
    const ids = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    await Promise.all(ids.map((id) => store.create({ id })));
    expect((await open()).list().map(({ id }) => id)).toEqual(ids);
    const all = Array.from({ length: MOST_KEYS }, (_, i) => ({ id: `k${i}`, name: '', createdAt: 1, disabled: false }));
    const rights = { roles: [], rules: [], bearer: false };
    const secrets = [{ text: 'x'.repeat(16), createdAt: 1 }] as const;
    const full = new KeyStore(
      { store: kept, secretPath: '', secret: undefined, clock, meter, log: silentLog },
      { key: new Uint8Array(32), from: '' },
      new KeyUses({ store: kept, clock, log: silentLog }, new Map()),
      all.map((key) => ({ ...key, ...rights, secrets: [...secrets] })),
    );
    await expect(full.create({})).rejects.toMatchObject({ kind: 'limit_exceeded' });
  });
});

describe('at rest', () => {
  test('no secret is in the store, nor in what is shown; only the owner reads the files', async () => {
    const store = await open();
    const { id, secret } = await store.create({});
    const { secret: second } = await store.rotate(id, DAY_MS);
    for (const seen of [await text(), JSON.stringify(store.list())]) {
      for (const each of [secret, second]) {
        expect(seen).not.toContain(each);
        expect(seen).not.toContain(Buffer.from(each).toString('base64').slice(4, -4));
      }
    }
    for (const name of [kept.name, file('secret.key')]) expect((await stat(name)).mode & 0o777).toBe(0o600);
  });

  test('the setting is the master secret when there is one, and no file is made', async () => {
    const store = await open(MASTER);
    const { id, secret } = await store.create({});
    await expect(stat(file('secret.key'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await open(MASTER)).find(id)?.secrets).toEqual([secret]);
    const says = await refusal(open(`${MASTER}!`));
    expect(says).toContain('cannot be opened with the setting secret (TIDEWALL_SECRET)');
    expect(says).toContain('set the secret that it was sealed with');
    expect(says).not.toContain(MASTER);
    expect(await refusal(open())).toContain('cannot be opened with');
  });

  test.each<[string, (all: string) => string, string, string?]>([
    ['without a secret', (all) => all.replace(/"secrets":\[.*\]/, '"secrets":[]'), 'secrets must have at least 1 item'],
    [
      'of which a byte was changed',
      (all) => all.replace(/"sealed":"(.)/, (_, c) => `"sealed":"${c === 'A' ? 'B' : 'A'}`),
      'cannot be opened',
    ],
    ['of which a secret was cut', (all) => all.replace(/"sealed":"[^"]*/, '"sealed":"AAAA'), 'cannot be opened'],
    ['that was given another id', (all) => all.replace('"id":"one"', '"id":"three"'), 'cannot be opened', 'three'],
    [
      'of which a time of a secret was changed',
      (all) => all.replace(/("sealed":"[^"]*","createdAt":)\d+/, '$11'),
      'cannot be opened',
    ],
  ])('a key %s keeps the server from starting, with what to do', async (_title, damage, why, as = 'one') => {
    const store = await open();
    await store.create({ id: 'one' });
    await store.create({ id: 'two' });
    await kept.tamper('keys', 'one', damage, as);
    const says = await refusal(open());
    expect(says).toContain(why);
    expect(says).toMatch(/put back a backup|set the secret/);
    expect(says).toContain(`${kept.name}: keys[${as}]`);
  });

  test('a master secret that holds too little is refused', async () => {
    await writeFile(file('secret.key'), 'short\n');
    expect(await refusal(open())).toContain('must hold at least 32 characters');
  });
});

describe('what a key may do', () => {
  const rules = [{ topics: 'sales/#', may: ['publish'] }] as const;
  const listed = (store: KeyStore, id: string) => store.list().find((key) => key.id === id);

  test('is what was said when it was made, also after a restart; rules alone mean no roles', async () => {
    const store = await open();
    const expiresAt = clock.now() + DAY_MS;
    await store.create({ id: 'a', roles: ['viewer'], rules: [...rules], expiresAt, bearer: false });
    await store.create({ id: 'b', rules: [...rules] });
    await store.create({ id: 'c', secret: 'wJ3p9rT0a8kLq2Zx' });
    for (const each of [store, await open()]) {
      expect(listed(each, 'a')).toMatchObject({ roles: ['viewer'], rules, expiresAt, bearer: false });
      expect(listed(each, 'b')).toMatchObject({ roles: [], rules, bearer: true });
      // The clients of a pair that is taken over sign.
      expect(listed(each, 'c')).toMatchObject({ roles: ['viewer', 'publisher'], rules: [], bearer: false });
      expect(each.principalOf('b')).toMatchObject({ id: 'key:b', roles: [], rules });
    }
  });

  test('is to read and publish all where it was kept before keys had rights; its secrets are not shown', async () => {
    await (await open()).create({ id: 'old' });
    const isNew = (name: string) => ['roles', 'rules', 'bearer'].includes(name);
    await kept.tamper('keys', 'old', (all) =>
      JSON.stringify(JSON.parse(all, (name, value: unknown) => (isNew(name) ? undefined : value))),
    );
    const store = await open();
    expect(store.principalOf('old')).toMatchObject({ roles: ['viewer', 'publisher'] });
    expect(store.find('old')?.bearer).toBe(false);
  });

  test('a key that has expired lets nobody in, and does again when it is told to', async () => {
    const store = await open();
    const { secret } = await store.create({ id: 'a', expiresAt: clock.now() + 1000 });
    clock.jump(999);
    expect(store.find('a')?.secrets).toEqual([secret]);
    clock.jump(1);
    expect([store.find('a'), store.principalOf('a')]).toEqual([undefined, undefined]);
    await expect(store.change('a', { expiresAt: clock.now() })).rejects.toMatchObject({ kind: 'bad_request' });
    await store.change('a', { expiresAt: null });
    expect(store.find('a')?.secrets).toEqual([secret]);
    expect(listed(store, 'a')).not.toHaveProperty('expiresAt');
  });

  test('a pair that is taken over again with other rights is refused, and without any changes nothing', async () => {
    const store = await open();
    const pair = { id: 'a', secret: 'wJ3p9rT0a8kLq2Zx' };
    await store.create({ ...pair, roles: ['viewer'] });
    await expect(store.create({ ...pair, roles: ['publisher'] })).rejects.toMatchObject({ kind: 'conflict' });
    expect(await store.create(pair)).toMatchObject({ roles: ['viewer'] });
    expect(await store.create({ ...pair, roles: ['viewer'] })).toMatchObject({ roles: ['viewer'] });
  });
});

describe('[A5] who a key is', () => {
  test('is the same one as long as nothing changed that it may do', async () => {
    const store = await open();
    await store.create({ id: 'a' });
    const who = store.principalOf('a');
    await store.create({ id: 'b' });
    await store.change('a', { name: 'hall', roles: ['viewer', 'publisher'] });
    await store.rotate('a', DAY_MS);
    expect(store.principalOf('a')).toBe(who);
    expect(who?.standing?.()).toBe('stands');
  });

  test('is another one with other rights, and the one that was is told so', async () => {
    const store = await open();
    await store.create({ id: 'a' });
    const who = store.principalOf('a');
    await store.change('a', { roles: ['viewer'] });
    expect(who?.standing?.()).toBe('changed');
    expect(store.principalOf('a')).toMatchObject({ roles: ['viewer'] });
    await store.change('a', { roles: ['viewer', 'publisher'] });
    expect(who?.standing?.()).toBe('changed');
    expect(store.principalOf('a')).not.toBe(who);
  });

  test('is gone for good when it is deleted or disabled, whatever has its id later', async () => {
    const store = await open();
    const secret = 'wJ3p9rT0a8kLq2Zx';
    await store.create({ id: 'a', secret });
    const who = store.principalOf('a');
    await store.delete('a');
    await store.create({ id: 'a', secret });
    expect([who?.standing?.(), store.principalOf('a')?.standing?.()]).toEqual(['gone', 'stands']);
    const next = store.principalOf('a');
    await store.change('a', { disabled: true });
    expect([next?.standing?.(), store.principalOf('a')]).toEqual(['gone', undefined]);
    await store.change('a', { disabled: false });
    expect(next?.standing?.()).toBe('gone');
  });

  test('has expired when the key has', async () => {
    const store = await open();
    await store.create({ id: 'a', expiresAt: clock.now() + 1000 });
    const who = store.principalOf('a');
    clock.jump(1000);
    expect(who?.standing?.()).toBe('expired');
  });

  test('carries no secret with it', async () => {
    const store = await open();
    const { secret } = await store.create({ id: 'a' });
    expect(JSON.stringify(store.principalOf('a'))).not.toContain(secret);
  });
});

describe('when a key was used last', () => {
  const uses = async () => Object.fromEntries((await kept.read('key-uses')).map(({ id, value }) => [id, value]));

  test('is known at once, and kept once a minute, however often it is used', async () => {
    const store = await open();
    await store.create({ id: 'a' });
    expect(store.list()[0]).not.toHaveProperty('lastUsedAt');
    const began = clock.now();
    for (let i = 0; i < 59; i++) {
      store.noteUse('a');
      expect(store.list()[0]?.lastUsedAt).toBe(clock.now());
      await clock.advance(1000);
    }
    expect(await uses()).toEqual({});
    await clock.advance(1000);
    await vi.waitFor(async () => expect(await uses()).toEqual({ a: began + 58_000 }));
    expect(clock.pending).toBe(0);
    expect((await open()).list()[0]?.lastUsedAt).toBe(began + 58_000);
  });

  test('is kept when the server stops, and not taken over by a key that is made again', async () => {
    const store = await open();
    await store.create({ id: 'a' });
    store.noteUse('a');
    store.noteUse('nobody');
    await store.close();
    expect(await uses()).toEqual({ a: clock.now() });
    await clock.advance(1000);
    await store.delete('a');
    await store.create({ id: 'a' });
    // As if the machine had stopped before that was kept.
    expect((await open()).list()[0]).not.toHaveProperty('lastUsedAt');
    expect(store.list()[0]).not.toHaveProperty('lastUsedAt');
    await store.close();
    expect(await uses()).toEqual({});
  });

  test('that cannot be kept is kept with what comes next', async () => {
    const store = await open();
    await store.create({ id: 'a' });
    store.noteUse('a');
    kept.failure = new Error('the disk is broken');
    await clock.advance(60_000);
    await vi.waitFor(() => expect(clock.pending).toBe(0));
    kept.failure = undefined;
    await store.create({ id: 'b' });
    store.noteUse('b');
    await store.close();
    expect(Object.keys(await uses()).sort()).toEqual(['a', 'b']);
  });
});
