import { expect, test } from 'vitest';
import { nameByClaims, rolesByClaims } from './provider-claims.ts';
import { providerSchema } from './provider-schema.ts';

const provider = (more: object = {}) =>
  providerSchema.parse({ issuer: 'https://id.example', clientId: 'wall', ...more });

test('roles come from the claim that is named, and none from any other', () => {
  const claims = { roles: ['viewer'], groups: ['designer'] };
  expect(rolesByClaims(provider(), claims)).toEqual([]);
  expect(rolesByClaims(provider({ roles: ['viewer'] }), claims)).toEqual(['viewer']);
  expect(rolesByClaims(provider({ rolesClaim: 'groups' }), claims)).toEqual(['designer']);
});

test('a claim is found by its whole name, or within others', () => {
  const within = { realm_access: { roles: ['viewer', 'offline access!'] } };
  expect(rolesByClaims(provider({ rolesClaim: 'realm_access.roles' }), within)).toEqual(['viewer']);
  const named = { 'https://wall.example/roles': 'viewer, designer' };
  expect(rolesByClaims(provider({ rolesClaim: 'https://wall.example/roles' }), named)).toEqual(['viewer', 'designer']);
  for (const rolesClaim of ['realm_access.none', 'realm_access.roles.length', 'constructor.name', '__proto__.x']) {
    expect(rolesByClaims(provider({ rolesClaim }), within)).toEqual([]);
  }
});

test('an admin is made by what the setting says alone', () => {
  const claims = { groups: ['admin', 'viewer', 'wall-admins'] };
  const by = (more: object) => rolesByClaims(provider({ rolesClaim: 'groups', ...more }), claims);
  expect(by({})).toEqual(['viewer', 'wall-admins']);
  expect(by({ mayGive: ['admin'] })).toEqual(['admin']);
  expect(by({ mayGive: [] })).toEqual([]);
  // A word that is not in the map means nothing, though a role is called so.
  expect(by({ roleMap: { 'wall-admins': ['admin', 'designer'], toString: ['viewer'] } })).toEqual([
    'admin',
    'designer',
  ]);
  expect(by({ roleMap: { 'wall-admins': ['admin', 'designer'] }, mayGive: ['designer'] })).toEqual(['designer']);
});

test('a name is one line of bounded length, whatever people call themselves, and the subject when they have none', () => {
  const name = (claims: object) => nameByClaims(provider(), { sub: '4711', ...claims });
  expect(name({ name: 'Ann\n\u202eLee\u0000', email: 'x' })).toBe('Ann Lee');
  expect(name({ name: ' ', preferred_username: 7, email: 'ann@x.example' })).toBe('ann@x.example');
  expect(name({ name: 'x'.repeat(1000) })).toHaveLength(128);
  expect(name({})).toBe('4711');
});
