import type { JsonObject } from '@tidewall/base';
import { sourceDefinitions } from '@tidewall/sources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { maskSecrets, UNCHANGED, unmaskSecrets } from './secret-fields.ts';

const RULES = { secrets: ['password', 'secret'], addresses: ['url', 'host', 'tokenUrl', 'insecure'] };
const kept = (before: JsonObject, sent: JsonObject) => unmaskSecrets(sent, RULES, before);
const refused = (before: JsonObject | undefined, sent: JsonObject): string => {
  try {
    return `taken as ${JSON.stringify(unmaskSecrets(sent, RULES, before))}`;
  } catch (failure) {
    return (failure as Error).message;
  }
};

describe('[A9] a secret that is sent as unchanged', () => {
  const before = { url: 'https://db.example:8443/a?x=1', user: 'ann', password: 'pw' };

  test('stays what it is while other settings change, and another path of the same server too', () => {
    expect(kept(before, { ...before, user: 'bob', password: UNCHANGED })).toEqual({ ...before, user: 'bob' });
    const url = 'https://db.example:8443/b';
    expect(kept(before, { ...before, url, password: UNCHANGED })).toEqual({ ...before, url });
  });

  test.each([
    ['another host', { url: 'https://evil.example:8443/a' }],
    ['another port', { url: 'https://db.example:9999/a' }],
    ['no TLS', { url: 'http://db.example:8443/a' }],
    ['a host beside the URL', { host: 'evil.example' }],
    ['certificates that nobody vouches for', { insecure: true }],
    ['tokens of somebody else', { auth: { tokenUrl: 'https://evil.example/token' } }],
  ])('does not go to another address: %s', (_, more) => {
    const sent = { ...before, ...more, password: UNCHANGED };
    expect(refused(before, sent)).toMatch(
      /^password must be given again: with another \S+ it would go to another address/,
    );
    expect(kept(before, { ...sent, password: 'said again' })).toMatchObject({ password: 'said again' });
  });

  test('must be there', () => {
    expect(refused(undefined, { password: UNCHANGED })).toContain('password must be given');
    expect(refused({ user: 'x' }, { password: UNCHANGED })).toContain('password must be given');
  });

  test('in an item of a list is the one of the item that is otherwise the same', () => {
    const list = {
      servers: [
        { name: 'a', secret: '1' },
        { name: 'b', secret: '2' },
      ],
    };
    const masked = maskSecrets(list, RULES.secrets)['servers'] as JsonObject[];
    expect(kept(list, { servers: [...masked].reverse() })).toEqual({ servers: [...list.servers].reverse() });
    const third = { name: 'c', secret: '3' };
    expect(kept(list, { servers: [third, ...masked] })).toEqual({ servers: [third, ...list.servers] });
    expect(refused(list, { servers: [{ name: 'c', secret: UNCHANGED }] })).toContain('servers.0.secret must be given');
  });
});

/** All names of members of a schema, at any depth. */
function namesIn(schema: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const each of schema) namesIn(each, names);
  else if (typeof schema === 'object' && schema !== null) {
    for (const [name, inner] of Object.entries(schema)) {
      if (name === 'properties') for (const member of Object.keys(inner as object)) names.add(member);
      namesIn(inner, names);
    }
  }
  return names;
}

/** Fields by which some kind says where it goes. */
const LIKE_AN_ADDRESS = /^(url|host|port|servers?|brokers?|endpoint|tokenUrl|ca|insecure|serverName)$/;

test.each([...sourceDefinitions.values()].filter(({ secrets }) => secrets.length > 0))(
  '[A9] a source of kind $kind names all fields that say where its secrets go',
  ({ configSchema, addresses, reaches }) => {
    // Made in the configuration's file alone, by whoever writes the secrets there.
    if (reaches === 'program') return;
    const names = namesIn(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
    expect([...names].filter((name) => LIKE_AN_ADDRESS.test(name) && !addresses.includes(name))).toEqual([]);
    expect(addresses.filter((name) => !names.has(name))).toEqual([]);
  },
);
