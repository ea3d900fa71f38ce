import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Provider, providerSchema } from '@tidewall/auth';
import { CountingMeter, FakeClock } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OidcSessions } from './oidc-sessions.ts';
import { SignInTickets, TICKET_MS } from './sign-in-tickets.ts';

const HOUR_MS = 3_600_000;
let folder: string;
let clock: FakeClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewall-oidc-'));
  clock = new FakeClock();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const provider = (more: object = {}): Provider =>
  providerSchema.parse({ issuer: 'https://id.example', clientId: 'wall', rolesClaim: 'groups', ...more });
const path = () => join(folder, 'oidc-sessions.json');
const open = (providers: Readonly<Record<string, Provider>> = { corp: provider() }) =>
  OidcSessions.open({ path: path(), clock, meter: new CountingMeter(), providers });
const ann = { sub: '4711', name: 'Ann', roles: ['viewer'] };

describe('who was signed in by a provider', () => {
  test('is so for its hours and no longer, however often it comes, over a restart too', async () => {
    const { token, principal, maxAgeS } = await (await open()).signIn('corp', ann);
    expect([principal.id, maxAgeS]).toEqual(['oidc:corp:4711', 12 * 3600]);
    const sessions = await open();
    for (let hour = 0; hour < 11; hour++) {
      await clock.advance(HOUR_MS);
      expect(sessions.signedIn(token)).toMatchObject({ id: 'oidc:corp:4711', roles: ['viewer'] });
    }
    const here = sessions.signedIn(token);
    expect(here?.endsAt).toBe(clock.now() + HOUR_MS);
    await clock.advance(HOUR_MS - 1);
    expect(here?.standing?.()).toBe('stands');
    await clock.advance(1);
    expect(here?.standing?.()).toBe('expired');
    expect(sessions.signedIn(token)).toBeUndefined();
    expect(sessions.principalOf('oidc:corp:4711')).toBeUndefined();
  });

  test('shows what nobody can read from the disk', async () => {
    const { token } = await (await open()).signIn('corp', ann);
    expect(await readFile(path(), 'utf8')).not.toContain(token);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  test('has no more than the setting of now gives, and is out with its provider', async () => {
    const { token } = await (await open()).signIn('corp', { ...ann, roles: ['viewer', 'designer'] });
    const rolesWith = async (more: object) => (await open({ corp: provider(more) })).signedIn(token)?.roles;
    expect(await rolesWith({ mayGive: ['designer'] })).toEqual(['designer']);
    expect(await rolesWith({ roles: ['viewer'], mayGive: [] })).toEqual(['viewer']);
    expect((await open({ other: provider() })).signedIn(token)).toBeUndefined();
  });

  test('signs out here, or everywhere, and nobody else by it', async () => {
    const sessions = await open();
    const signIn = async (sub: string) => (await sessions.signIn('corp', { ...ann, sub })).principal;
    const [here, there, elsewhere, other] = [
      await signIn('1'),
      await signIn('1'),
      await signIn('1'),
      await signIn('2'),
    ];
    const standing = () => [here, there, elsewhere, other].map((one) => one.standing?.());
    await sessions.signOut(here, false);
    expect(standing()).toEqual(['gone', 'stands', 'stands', 'stands']);
    await sessions.signOut(there, true);
    expect(standing()).toEqual(['gone', 'gone', 'gone', 'stands']);
  });

  test('at too many places at once is out where it signed in first', async () => {
    const sessions = await open();
    const first = (await sessions.signIn('corp', ann)).principal;
    const other = (await sessions.signIn('corp', { ...ann, sub: '2' })).principal;
    for (let i = 1; i < 100; i++) await sessions.signIn('corp', ann);
    expect(first.standing?.()).toBe('stands');
    await sessions.signIn('corp', ann);
    expect([first.standing?.(), other.standing?.()]).toEqual(['gone', 'stands']);
  });
});

describe('a sign-in that was begun', () => {
  const key = new Uint8Array(32).fill(7);
  const ticket = { state: 's', nonce: 'n', verifier: 'v', redirectUri: 'https://wall.example/x', next: '/' };

  test('is known for ten minutes, at its provider, by this server, and not when a letter is changed', async () => {
    const tickets = new SignInTickets(key, clock);
    const sealed = tickets.seal('corp', ticket);
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(tickets.open('corp', sealed)).toEqual(ticket);
    expect(tickets.open('other', sealed)).toBeUndefined();
    expect(new SignInTickets(new Uint8Array(32), clock).open('corp', sealed)).toBeUndefined();
    expect(
      tickets.open('corp', `${sealed.slice(0, 40)}${sealed[40] === 'A' ? 'B' : 'A'}${sealed.slice(41)}`),
    ).toBeUndefined();
    expect(tickets.open('corp', '')).toBeUndefined();
    await clock.advance(TICKET_MS - 1);
    expect(tickets.open('corp', sealed)).toEqual(ticket);
    await clock.advance(1);
    expect(tickets.open('corp', sealed)).toBeUndefined();
  });

  test('is spent once, and remembered no longer than it is known', async () => {
    const tickets = new SignInTickets(key, clock);
    expect(tickets.spend(ticket)).toBe(true);
    expect(tickets.spend(ticket)).toBe(false);
    // However many others there are up to the bound.
    for (let i = 0; i < 9_999; i++) expect(tickets.spend({ ...ticket, state: `${i}` })).toBe(true);
    expect(tickets.spend(ticket)).toBe(false);
    // The oldest makes room for another one.
    expect(tickets.spend({ ...ticket, state: 'one more' })).toBe(true);
    expect(tickets.spend(ticket)).toBe(true);
  });
});
