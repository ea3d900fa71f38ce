import { expect, test } from 'vitest';
import { z } from 'zod';
import { pathText, wrongPlaces } from './issue-sentence.ts';

const schema = z.strictObject({
  env: z.record(z.string(), z.string()),
  auth: z.union([z.strictObject({ token: z.string() }), z.strictObject({ user: z.string(), password: z.string() })]),
  size: z.number().max(5),
});

function sentences(input: unknown, secrets: readonly string[]): string[] {
  const { error } = schema.safeParse(input);
  return wrongPlaces(error?.issues ?? [], input, schema, secrets).map(({ path, says }) => `${pathText(path)} ${says}`);
}

const WRONG = { env: { TOKEN: 123456 }, auth: { token: 987654 }, size: 7 };

test('a wrong value is named with its path and its value', () => {
  const text = sentences(WRONG, []).join('\n');
  for (const part of ['env.TOKEN', '123456', 'auth.token', '987654', 'size', '7']) expect(text).toContain(part);
});

test('nothing within a secret member is repeated, however deep and in whichever alternative', () => {
  const text = sentences(WRONG, ['env', 'auth']).join('\n');
  expect(text).toContain('env.TOKEN');
  expect(text).toContain('auth.token');
  expect(text).not.toMatch(/123456|987654/);
  expect(text).toContain('got 7');
});

test('what is wrong as a whole is shown without its secrets', () => {
  const wrong = { env: {}, auth: [{ user: 'wall', password: 'planted' }], size: 1 };
  const [text] = sentences(wrong, ['password']);
  expect(text).toContain('[{"user":"wall","password":"(secret)"}]');
});
