import { createHmac } from 'node:crypto';
import type { KeyRing } from '@tidewall/contracts';
import { expect, test } from 'vitest';
import { checkSignature, hmac } from './signature.ts';

const SECRETS: Readonly<Record<string, readonly string[]>> = {
  one: ['first secret'],
  two: ['newer', 'older'],
  none: [],
};
const keys: Pick<KeyRing, 'find'> = {
  find: (id) => (Object.hasOwn(SECRETS, id) ? { id, secrets: SECRETS[id] ?? [] } : undefined),
};
const check = (keyId: string, signature: string, text = 'text') =>
  checkSignature(keys, { keyId, text, signature, encoding: 'base64' });
const made = (secret: string, text = 'text') => createHmac('sha256', secret).update(text).digest('base64');

test('a signature is known by each of the secrets of its key, and of no other', () => {
  expect(check('one', made('first secret'))).toBe('signed');
  expect(check('two', made('newer'))).toBe('signed');
  expect(check('two', made('older'))).toBe('signed');
  expect(check('one', made('newer'))).toBe('bad_signature');
  expect(check('two', made('first secret'))).toBe('bad_signature');
  expect(check('one', made('first secret', 'another text'))).toBe('bad_signature');
});

test('what stands for an absent secret signs nothing', () => {
  for (const id of ['one', 'none']) expect(check(id, made('no secret'))).toBe('bad_signature');
  expect(check('nobody', made('no secret'))).toBe('unknown_key');
});

test('another spelling of the same bytes is not the signature', () => {
  const right = made('first secret');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const last = alphabet.indexOf(right[42] ?? '');
  // The last character has two bits that no byte is made of.
  for (const other of [last ^ 1, last ^ 2, last ^ 3]) {
    const same = `${right.slice(0, 42)}${alphabet[other]}=`;
    expect(Buffer.from(same, 'base64')).toEqual(Buffer.from(right, 'base64'));
    expect(check('one', same)).toBe('bad_signature');
  }
  for (const other of ['', right.slice(0, -1), `${right}=`, ` ${right}`, right.replaceAll('+', '-').replace('=', '')]) {
    expect(check('one', other)).toBe('bad_signature');
  }
});

test('it is HMAC-SHA256 of RFC 4231', () => {
  expect(hmac('Jefe', 'what do ya want for nothing?', 'base64')).toBe(
    Buffer.from('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'hex').toString('base64'),
  );
});
