import { expect, test } from 'vitest';
import { hmac } from './signature.ts';
import { TakenSignature } from './taken-signature.ts';

test('a signature stands for as long as the secret that made it is one of its key', () => {
  let secrets: string[] | undefined = ['old'];
  const keys = { find: (id: string) => (secrets && id === 'hall' ? { id, secrets } : undefined) };
  const signature = hmac('old', 'text', 'base64');
  const taken = new TakenSignature(keys, { keyId: 'hall', text: 'text', signature, encoding: 'base64' });
  expect(taken.stands).toBe(true);
  secrets = ['new', 'old'];
  expect(taken.stands).toBe(true);
  secrets = ['new'];
  expect([taken.stands, taken.replaceable]).toEqual([false, true]);
  secrets = undefined;
  expect([taken.stands, taken.replaceable]).toEqual([false, false]);
  // Made again under the same id, it is another key.
  secrets = ['another'];
  expect(taken.stands).toBe(false);
});
