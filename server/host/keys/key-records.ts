import type { JsonValue } from '@tidewall/base';
import type { Store } from '@tidewall/contracts';
import { z } from 'zod';
import { ConfigError } from '../startup-errors.ts';
import { COLLECTIONS } from '../store/collections.ts';
import { readRecords } from '../store/records.ts';
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

/** A key as it is kept: everything but the secrets can be read; they are sealed, each in its place. */
export const keyRecordSchema = z.strictObject({
  id: keyIdSchema,
  name: keyNameSchema,
  createdAt: time,
  disabled: z.boolean(),
  // Those that were written before keys had rights go on as they did; their secrets were never shown.
  roles: keyRolesSchema.default([...USUAL_ROLES]),
  rules: keyRulesSchema.default([]),
  bearer: z.boolean().default(false),
  expiresAt: time.optional(),
  secrets: z
    .array(z.strictObject({ sealed: z.string(), createdAt: time, until: time.optional() }))
    .min(1)
    .max(2),
});

/**
 * The keys of a store.
 *
 * @throws ConfigError when one is damaged, or was sealed with another master secret
 */
export async function readKeys(store: Store, master: MasterSecret): Promise<readonly Key[]> {
  const records = await readRecords(store, COLLECTIONS.keys, keyRecordSchema, ['sealed']);
  return records.map(({ id, value: { secrets, expiresAt, ...key } }) => {
    const [first, ...more] = secrets.map(({ sealed, createdAt, until }, at): KeySecret => {
      const text = unseal(master.key, placeOf(id, createdAt), sealed);
      if (text === undefined) {
        throw new ConfigError(
          `${store.name}: keys[${id}].secrets[${at}] cannot be opened with ${master.from}; ` +
            'set the secret that it was sealed with; without it, import into a new data folder what "tidewall export" writes, but for keys',
        );
      }
      return { text, createdAt, ...(until !== undefined && { until }) };
    });
    // The schema has seen that there is one.
    return { ...key, id, ...(expiresAt !== undefined && { expiresAt }), secrets: [first as KeySecret, ...more] };
  });
}

/** A key as it is kept. */
export function keyRecord({ secrets, ...key }: Key, master: MasterSecret): JsonValue {
  const sealed = secrets.map(({ text, ...rest }) => ({
    sealed: seal(master.key, placeOf(key.id, rest.createdAt), text),
    ...rest,
  }));
  return { ...key, secrets: sealed } as unknown as JsonValue;
}

/** What a sealed secret belongs to: nobody can give one key the secret of another by moving it in the store. */
function placeOf(keyId: string, createdAt: number): string {
  return `${keyId}\0${createdAt}`;
}
