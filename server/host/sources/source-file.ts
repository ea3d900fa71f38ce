import { readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@tidewall/base';
import type { SourceDefinition } from '@tidewall/contracts';
import { SLUG } from '@tidewall/screen/schema';
import { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { keepFile } from '../keep-file.ts';
import type { MasterSecret } from '../keys/master-secret.ts';
import { seal, unseal } from '../keys/seal.ts';
import { ConfigError } from '../startup-errors.ts';
import { mapSecrets } from './secret-fields.ts';

/** A source that was made through the API. */
export interface MadeSource {
  readonly name: string;
  readonly kind: string;
  readonly settings: JsonObject;
}

const fileSchema = z.strictObject({
  /** 1: a sealed secret is a text in its place; 2: it says of itself that it is one. */
  format: z.union([z.literal(1), z.literal(2)]),
  sources: z.array(
    z.strictObject({
      name: z.string().regex(SLUG),
      kind: z.string().min(1),
      settings: z.custom<JsonObject>(isJsonObject, { error: 'must be an object' }),
    }),
  ),
});

/** The names of secret settings of a kind; undefined of a kind that there is not any more: it is kept as it is. */
type SecretsOf = (kind: string) => SourceDefinition['secrets'] | undefined;

/**
 * The sources in a file that `writeSources` has written; none when there is no such file.
 *
 * @throws ConfigError when it is damaged, or was sealed with another master secret
 */
export async function readSources(
  path: string,
  master: MasterSecret,
  secretsOf: SecretsOf,
): Promise<readonly MadeSource[]> {
  let value: unknown;
  try {
    value = parseJson(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const why = code ?? (cause instanceof Error ? cause.message : String(cause));
    throw new ConfigError(`${path} cannot be read: ${why}; ${CURE}`, { cause });
  }
  const result = fileSchema.safeParse(value);
  if (!result.success) {
    const [wrong] = wrongPlaces(result.error.issues, value, fileSchema, ['settings']);
    throw new ConfigError(`${path}: ${pathText(wrong?.path ?? [])} ${wrong?.says ?? 'is wrong'}; ${CURE}`);
  }
  return result.data.sources.map(({ name, kind, settings }) => ({
    name,
    kind,
    settings: mapSealed(result.data.format, settings, secretsOf(kind), (sealed, place) => {
      const text = typeof sealed === 'string' ? unseal(master.key, placeOf(name, kind, place), sealed) : undefined;
      if (text !== undefined) return JSON.parse(text) as JsonValue;
      const setting = `sources[${name}].${place.join('.')}`;
      throw new ConfigError(
        `${path}: ${setting} cannot be opened with ${master.from}; ` +
          'set the secret that it was sealed with, or move the file away to start without these sources',
      );
    }),
  }));
}

const CURE = 'put back a copy of it, or move it away to start without the sources made through the API';

/**
 * Keeps the sources so that a reader finds the old ones or the new ones, whenever the machine stops; their secrets are
 * sealed.
 *
 * @throws TidewallError storage_full
 */
export async function writeSources(
  path: string,
  sources: readonly MadeSource[],
  master: MasterSecret,
  secretsOf: SecretsOf,
): Promise<void> {
  const rows = sources.map(({ name, kind, settings }) => ({
    name,
    kind,
    settings: mapSecrets(settings, secretsOf(kind) ?? [], (value, place) =>
      sealed(seal(master.key, placeOf(name, kind, place), JSON.stringify(value))),
    ),
  }));
  await keepFile(path, `${JSON.stringify({ format: 2, sources: rows }, undefined, 2)}\n`, 0o600);
}

/** What a sealed secret belongs to: nobody can hand a password to another server by moving it in the file. */
function placeOf(name: string, kind: string, place: readonly (string | number)[]): string {
  return ['source', name, kind, ...place].join('\0');
}

/** What stands in the place of a secret in the file. */
const SEALED = '$sealed';
const sealed = (text: string): JsonObject => ({ [SEALED]: text });

/**
 * The settings of a file with something else in the place of each sealed secret. What is a secret by now and was none when
 * the file was written stands there as it is, until it is written again.
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
