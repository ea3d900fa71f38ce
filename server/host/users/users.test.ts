import { stat } from 'node:fs/promises';
import { CountingMeter, FakeClock, silentLog, TestStore } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Attempts } from './attempts.ts';
import { PasswordHasher } from './password-hash.ts';
import { Setup } from './setup.ts';
import { UserStore } from './user-store.ts';

const HOUR_MS = 3_600_000;
const PASSWORD = 'correct horse battery';
let kept: TestStore;
let clock: FakeClock;

beforeEach(async () => {
  kept = await TestStore.open();
  clock = new FakeClock();
});
afterEach(() => kept.close());

const open = () =>
  UserStore.open({ store: kept, clock, log: silentLog, meter: new CountingMeter(), sessionMs: 24 * HOUR_MS });
const kindOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (failure: { kind?: string }) => failure.kind,
  );

describe('users', () => {
  test('[A9] sign in with their password and no other, over a restart, and nothing that is kept shows either', async () => {
    const store = await open();
    expect(await store.create('ann', PASSWORD, ['viewer'])).toMatchObject({ name: 'ann', roles: ['viewer'] });
    const token = await store.signIn('ann');
    const again = await open();
    expect(await again.check('ann', PASSWORD)).toBe(true);
    for (const wrong of ['', `${PASSWORD} `, PASSWORD.toUpperCase()])
      expect(await again.check('ann', wrong)).toBe(false);
    expect(await again.check('bob', PASSWORD)).toBe(false);
    expect(again.signedIn(token)).toMatchObject({ id: 'user:ann', roles: ['viewer'] });
    const text = (await kept.text('users')) + (await kept.text('sessions'));
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain(token);
    expect(JSON.stringify(again.list())).not.toMatch(/scrypt/);
    expect((await stat(kept.name)).mode & 0o777).toBe(0o600);
  });

  test('[A5] whoever is signed in stands until something changes what it may do', async () => {
    const store = await open();
    await store.create('root', PASSWORD, ['admin']);
    await store.create('ann', PASSWORD, ['viewer']);
    const tokens = [await store.signIn('ann'), await store.signIn('ann')];
    const [here, there] = tokens.map((token) => store.signedIn(token));
    expect(store.signedIn(tokens[0] as string)).toBe(here);
    expect([here?.standing?.(), there?.standing?.()]).toEqual(['stands', 'stands']);

    await store.signOut(here as never, false);
    expect([here?.standing?.(), there?.standing?.()]).toEqual(['gone', 'stands']);
    expect(store.signedIn(tokens[0] as string)).toBeUndefined();

    await store.set('ann', { roles: ['viewer'] });
    expect(there?.standing?.()).toBe('stands');
    await store.set('ann', { roles: ['viewer', 'publisher'] });
    expect(there?.standing?.()).toBe('changed');
    const now = store.signedIn(tokens[1] as string);
    expect(now).toMatchObject({ roles: ['viewer', 'publisher'] });

    await store.set('ann', { disabled: true });
    expect(now?.standing?.()).toBe('gone');
    expect(await store.check('ann', PASSWORD)).toBe(false);
    await store.set('ann', { disabled: false });
    expect(store.signedIn(tokens[1] as string)).toBeUndefined();

    const third = store.signedIn(await store.signIn('ann'));
    await store.delete('ann');
    await store.create('ann', PASSWORD, ['admin']);
    expect(third?.standing?.()).toBe('gone');
  });

  test('are signed out everywhere else by a new password, and after a time without a visit', async () => {
    const store = await open();
    await store.create('ann', PASSWORD, []);
    const tokens = [await store.signIn('ann'), await store.signIn('ann')] as const;
    await store.setPassword('ann', `${PASSWORD}!`, store.signedIn(tokens[0]));
    expect([store.signedIn(tokens[0])?.id, store.signedIn(tokens[1])]).toEqual(['user:ann', undefined]);
    expect(await store.check('ann', PASSWORD)).toBe(false);
    const principal = store.signedIn(tokens[0]);
    clock.jump(20 * HOUR_MS);
    expect(store.signedIn(tokens[0])).toBe(principal);
    await expect.poll(() => kept.text('sessions')).toContain(`"seenAt":${clock.now()}`);
    clock.jump(20 * HOUR_MS);
    // Asked of who is connected: to be there is to be seen.
    expect(principal?.standing?.()).toBe('stands');
    await expect.poll(() => kept.text('sessions')).toContain(`"seenAt":${clock.now()}`);
    clock.jump(24 * HOUR_MS);
    expect(principal?.standing?.()).toBe('expired');
    expect(store.signedIn(tokens[0])).toBeUndefined();
  });

  test('are never without one who may do everything, once there is one', async () => {
    const store = await open();
    expect(store.hasAdmin).toBe(false);
    await store.create('root', PASSWORD, ['admin']);
    expect(await kindOf(store.delete('root'))).toBe('conflict');
    expect(await kindOf(store.set('root', { disabled: true }))).toBe('conflict');
    expect(await kindOf(store.set('root', { roles: ['viewer'] }))).toBe('conflict');
    await store.create('other', PASSWORD, ['admin']);
    expect(await kindOf(store.delete('root'))).toBe('done');
    expect(await kindOf(store.create('other', PASSWORD, []))).toBe('conflict');
    expect(await kindOf(store.set('nobody', { disabled: true }))).toBe('bad_request');
  });

  test('have so many places where they are signed in, of which the oldest makes room', async () => {
    const store = await open();
    await store.create('ann', PASSWORD, []);
    const first = await store.signIn('ann');
    for (let i = 0; i < 100; i++) {
      clock.jump(1);
      await store.signIn('ann');
    }
    expect(store.signedIn(first)).toBeUndefined();
    expect(store.list()[0]?.sessions).toBe(100);
  });

  test('of which one is not as it was written keep the server from starting, with what to do', async () => {
    await (await open()).create('ann', PASSWORD, []);
    await kept.tamper('users', 'ann', (text) => text.replace('"disabled":false', '"disabled":"no"'));
    await expect(open()).rejects.toThrow(/users\[ann\]\.disabled .*; put back a backup/);
  });
});

describe('[A8] who guesses', () => {
  test('has to wait longer and longer, by where it comes from and whom it tries to be', () => {
    const attempts = new Attempts(clock);
    const waits: number[] = [];
    for (let i = 0; i < 30; i++) {
      try {
        attempts.require('203.0.113.9', 'ann');
        waits.push(0);
      } catch (failure) {
        const { kind, afterMs } = failure as { kind: string; afterMs: number };
        expect(kind).toBe('too_many_requests');
        waits.push(afterMs);
        clock.jump(afterMs);
      }
      attempts.failed('203.0.113.9', 'ann');
    }
    expect(waits.slice(0, 8)).toEqual([0, 0, 0, 0, 0, 1000, 2000, 4000]);
    expect(waits.at(-1)).toBe(15 * 60_000);
  });

  test('locks nobody out who comes from elsewhere, and does not get on by other names', () => {
    const attempts = new Attempts(clock);
    for (let i = 0; i < 60; i++) attempts.failed('203.0.113.9', `name-${i}`);
    expect(() => attempts.require('203.0.113.9', 'another')).toThrow('too many wrong passwords from here');
    for (let i = 0; i < 1000; i++) attempts.failed('203.0.113.9', 'ann');
    expect(() => attempts.require('198.51.100.7', 'ann')).not.toThrow();
    // A house has all addresses that begin so.
    for (let i = 0; i < 6; i++) attempts.failed(`2001:db8:1:2:${i}::1`, 'ann');
    expect(() => attempts.require('2001:db8:1:2:ffff::9', 'ann')).toThrow();
    expect(() => attempts.require('2001:db8:1:3::1', 'ann')).not.toThrow();
  });

  test('fills no memory, and who knows the password is no guesser', () => {
    const attempts = new Attempts(clock);
    for (let i = 0; i < 100_000; i++) attempts.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 'ann');
    for (let i = 0; i < 6; i++) attempts.failed('192.0.2.1', 'ann');
    expect(() => attempts.require('192.0.2.1', 'ann')).toThrow();
    attempts.succeeded('192.0.2.1', 'ann');
    expect(() => attempts.require('192.0.2.1', 'ann')).not.toThrow();
  });

  test('learns nothing of who there is by what it costs', async () => {
    const hasher = new PasswordHasher();
    const hash = await hasher.hash(PASSWORD);
    await hasher.verify('x', undefined);
    const cpuOf = async (given: string | undefined) => {
      const before = process.cpuUsage();
      for (let i = 0; i < 3; i++) expect(await hasher.verify('guess', given)).toBe(false);
      return process.cpuUsage(before).user;
    };
    const [known, unknown] = [await cpuOf(hash), await cpuOf(undefined)];
    // The same work: a name that is not known is not answered for free.
    expect(unknown / known).toBeGreaterThan(0.3);
    expect(unknown / known).toBeLessThan(3);
  });

  test('keeps the processors busy for so long and no longer', async () => {
    const hasher = new PasswordHasher();
    const all = await Promise.all(Array.from({ length: 110 }, () => kindOf(hasher.hash('x'))));
    expect(all.filter((kind) => kind === 'busy')).toHaveLength(8);
  }, 60_000);
});

test('the link for the first admin is good once, for a day, and as long as there is none', () => {
  let needed = true;
  const setup = new Setup(clock, () => needed);
  const first = setup.renew() as string;
  const second = setup.renew() as string;
  expect([setup.take(first), setup.take(`${second}x`), setup.take(''), setup.take(second), setup.take(second)]).toEqual(
    [...[false, false, false, true, false]],
  );
  const third = setup.renew() as string;
  clock.jump(24 * HOUR_MS);
  expect(setup.take(third)).toBe(false);
  const fourth = setup.renew() as string;
  needed = false;
  expect([setup.take(fourth), setup.renew()]).toEqual([false, undefined]);
});
