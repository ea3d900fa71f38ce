import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { SourceDefinition, Store } from '@tidewall/contracts';
import { SLUG } from '@tidewall/screen/schema';
import { z } from 'zod';
import type { MasterSecret } from '../keys/master-secret.ts';
import { seal, unseal } from '../keys/seal.ts';
import { ConfigError } from '../startup-errors.ts';
import { COLLECTIONS } from '../store/collections.ts';
import { readRecords } from '../store/records.ts';
import { mapSecrets } from './secret-fields.ts';

/** A source that was made through the API. */
export interface MadeSource {
  readonly name: string;
  readonly kind: string;
  readonly settings: JsonObject;
}

/** A source as it is kept; its secrets are sealed, each in its place. */
export const sourceRecordSchema = z.strictObject({
  /** 1: a sealed secret is a text in its place; 2: it says of itself that it is one. */
  format: z.union([z.literal(1), z.literal(2)]),
  name: z.string().regex(SLUG),
  kind: z.string().min(1),
  settings: z.custom<JsonObject>(isJsonObject, { error: 'must be an object' }),
});

/** The names of secret settings of a kind; undefined of a kind that there is not any more: it is kept as it is. */
type SecretsOf = (kind: string) => SourceDefinition['secrets'] | undefined;

/**
 * The sources of a store.
 *
 * @throws ConfigError when one is damaged, or was sealed with another master secret
 */
export async function readSources(
  store: Store,
  master: MasterSecret,
  secretsOf: SecretsOf,
): Promise<readonly MadeSource[]> {
  const records = await readRecords(store, COLLECTIONS.sources, sourceRecordSchema, ['settings']);
  return records.map(({ id: name, value: { format, kind, settings } }) => ({
    name,
    kind,
    settings: mapSealed(format, settings, secretsOf(kind), (sealed, place) => {
      const text = typeof sealed === 'string' ? unseal(master.key, placeOf(name, kind, place), sealed) : undefined;
      if (text !== undefined) return JSON.parse(text) as JsonValue;
      const setting = `sources[${name}].${place.join('.')}`;
      throw new ConfigError(
        `${store.name}: ${setting} cannot be opened with ${master.from}; ` +
          'set the secret that it was sealed with; without it, import into a new data folder what "tidewall export" writes, but for sources',
      );
    }),
  }));
}

/** A source as it is kept. */
export function sourceRecord(
  { name, kind, settings }: MadeSource,
  master: MasterSecret,
  secretsOf: SecretsOf,
): JsonObject {
  const kept = mapSecrets(settings, secretsOf(kind) ?? [], (value, place) =>
    sealed(seal(master.key, placeOf(name, kind, place), JSON.stringify(value))),
  );
  return { format: 2, name, kind, settings: kept };
}

/** What a sealed secret belongs to: nobody can hand a password to another server by moving it in the store. */
function placeOf(name: string, kind: string, place: readonly (string | number)[]): string {
  return ['source', name, kind, ...place].join('\0');
}

/** What stands in the place of a secret where it is kept. */
const SEALED = '$sealed';
const sealed = (text: string): JsonObject => ({ [SEALED]: text });

/**
 * The settings of a record with something else in the place of each sealed secret. What is a secret by now and was none when
 * the record was written stands there as it is, until it is written again.
 */
function mapSealed(
  format: 1 | 2,
  settings: JsonObject,
  secrets: readonly string[] | undefined,
  open: (text: JsonValue, place: readonly (string | number)[]) => JsonValue,
): JsonObject {
  if (secrets === undefined) return settings;
  if (format === 1) return mapSecrets(settings, secrets, open);
  const walk = (value: JsonValue, place: readonly (string | number)[]): JsonValue => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...place, index]));
    if (!isJsonObject(value)) return value;
    const entries = Object.entries(value) as [string, JsonValue][];
    const [[name, text] = ['', null]] = entries;
    if (entries.length === 1 && name === SEALED) return open(text, place);
    return Object.fromEntries(entries.map(([member, inner]) => [member, walk(inner, [...place, member])]));
  };
  return walk(settings, []) as JsonObject;
}
