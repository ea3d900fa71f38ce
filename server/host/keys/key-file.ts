import { readFile } from 'node:fs/promises';
import { parseJson } from '@tidewall/base';
import { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { keepFile } from '../keep-file.ts';
import { ConfigError } from '../startup-errors.ts';
import {
  type Key,
  type KeySecret,
  keyIdSchema,
  keyNameSchema,
  keyRolesSchema,
  keyRulesSchema,
  USUAL_ROLES,
} from './key.ts';
import type { MasterSecret } from './master-secret.ts';
import { seal, unseal } from './seal.ts';

const time = z.number().min(0).max(8.64e15);

/** Everything but the secrets can be read; they are sealed, each in its place. */
const fileSchema = z.strictObject({
  format: z.literal(1),
  keys: z.array(
    z.strictObject({
      id: keyIdSchema,
      name: keyNameSchema,
      createdAt: time,
      disabled: z.boolean(),
      // Those of a file that was written before keys had rights go on as they did; their secrets were never shown.
      roles: keyRolesSchema.default([...USUAL_ROLES]),
      rules: keyRulesSchema.default([]),
      bearer: z.boolean().default(false),
      expiresAt: time.optional(),
      secrets: z
        .array(z.strictObject({ sealed: z.string(), createdAt: time, until: time.optional() }))
        .min(1)
        .max(2),
    }),
  ),
});

/**
 * The keys in a file that `writeKeys` has written; none when there is no such file.
 *
 * @throws ConfigError when it is damaged, or was sealed with another master secret
 */
export async function readKeys(path: string, master: MasterSecret): Promise<readonly Key[]> {
  let value: unknown;
  try {
    value = parseJson(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const why = code ?? (cause instanceof Error ? cause.message : String(cause));
    throw new ConfigError(
      `${path} cannot be read: ${why}; put back a copy of it, or move it away to start without keys`,
      {
        cause,
      },
    );
  }
  const result = fileSchema.safeParse(value);
  if (!result.success) {
    const [wrong] = wrongPlaces(result.error.issues, value, fileSchema, ['sealed']);
    const place = `${pathText(wrong?.path ?? [])} ${wrong?.says ?? 'is wrong'}`;
    throw new ConfigError(`${path}: ${place}; put back a copy of it, or move it away to start without keys`);
  }
  return result.data.keys.map(({ secrets, expiresAt, ...key }) => {
    const [first, ...more] = secrets.map(({ sealed, createdAt, until }, at): KeySecret => {
      const text = unseal(master.key, placeOf(key.id, createdAt), sealed);
      if (text === undefined) {
        throw new ConfigError(
          `${path}: keys[${key.id}].secrets[${at}] cannot be opened with ${master.from}; ` +
            'set the secret that it was sealed with, or move the file away to start without keys',
        );
      }
      return { text, createdAt, ...(until !== undefined && { until }) };
    });
    // The schema has seen that there is one.
    return { ...key, ...(expiresAt !== undefined && { expiresAt }), secrets: [first as KeySecret, ...more] };
  });
}

/**
 * Keeps the keys so that a reader finds the old ones or the new ones, whenever the machine stops.
 *
 * @throws TidewallError storage_full
 */
export async function writeKeys(path: string, keys: readonly Key[], master: MasterSecret): Promise<void> {
  const rows = keys.map(({ secrets, ...key }) => ({
    ...key,
    secrets: secrets.map(({ text, ...rest }) => ({
      sealed: seal(master.key, placeOf(key.id, rest.createdAt), text),
      ...rest,
    })),
  }));
  await keepFile(path, `${JSON.stringify({ format: 1, keys: rows }, undefined, 2)}\n`, 0o600);
}

/** What a sealed secret belongs to: nobody can give one key the secret of another by moving it in the file. */
function placeOf(keyId: string, createdAt: number): string {
  return `${keyId}\0${createdAt}`;
}
