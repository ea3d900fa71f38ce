import { readFile } from 'node:fs/promises';
import type { JsonObject } from '@tidewall/base';
import { CommandFailure } from '../command-failure.ts';
import { askForJson, parseServerUrl, settingsPath } from '../server-api.ts';
import { type SettingsRow, settingsTable } from '../settings-table.ts';

export interface SetOptions {
  readonly url: string;
  readonly kind?: string;
  readonly keyField?: string;
  readonly keepCount?: number;
  readonly keepBytes?: number;
  readonly keepAgeMs?: number;
  readonly expectEveryMs?: number;
  /** A file with a JSON Schema. */
  readonly schema?: string;
  readonly retain: boolean;
  readonly readOnly?: boolean;
  readonly at?: number;
  readonly reset?: boolean;
}

/** Shows what is said of topics, or of one of them: what counts first stands first. */
export async function showSettings(
  topic: string | undefined,
  options: { readonly url: string; readonly json?: boolean },
): Promise<void> {
  const query = topic === undefined ? '' : `?${new URLSearchParams({ topic })}`;
  const answer = await askForJson(parseServerUrl(options.url), `api/topic-settings${query}`);
  const { settings } = answer as { settings: SettingsRow[] };
  if (options.json) process.stdout.write(settings.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else if (settings.length === 0) process.stderr.write(`nothing is said of ${topic ?? 'any topic'}\n`);
  else process.stdout.write(settingsTable(settings));
}

/** Says what the topics of a pattern are, in place of all that was said of that pattern before. */
export async function setTopics(pattern: string, options: SetOptions): Promise<void> {
  const url = parseServerUrl(options.url);
  const body = JSON.stringify(await settingsOf(options));
  const { at, reset } = options;
  const query = new URLSearchParams({ ...(at !== undefined && { at: String(at) }), ...(reset && { reset: 'true' }) });
  const answer = await askForJson(url, `${settingsPath(pattern)}?${query}`, { method: 'PUT', body });
  const { restarted, ...said } = answer as SettingsRow & { restarted: string[] };
  process.stdout.write(settingsTable([said]));
  tellRestarted(restarted);
}

/** Takes back what was said of the topics of a pattern through the API. */
export async function unsetTopics(
  pattern: string,
  options: { readonly url: string; readonly reset?: boolean },
): Promise<void> {
  const path = `${settingsPath(pattern)}${options.reset ? '?reset=true' : ''}`;
  const answer = await askForJson(parseServerUrl(options.url), path, { method: 'DELETE' });
  const { removed, restarted } = answer as { removed: boolean; restarted: string[] };
  if (!removed) throw new CommandFailure(`nothing was set for ${pattern}; see "tidewall topics show"`);
  process.stderr.write(`nothing is set for ${pattern} any more\n`);
  tellRestarted(restarted);
}

async function settingsOf(options: SetOptions): Promise<JsonObject> {
  const { kind, keyField, keepCount, keepBytes, keepAgeMs, expectEveryMs, schema, retain, readOnly } = options;
  const keep = {
    ...(keepCount !== undefined && { count: keepCount }),
    ...(keepBytes !== undefined && { bytes: keepBytes }),
    ...(keepAgeMs !== undefined && { ageMs: keepAgeMs }),
  };
  return {
    ...(kind !== undefined && { kind }),
    ...(keyField !== undefined && { keyField }),
    ...(Object.keys(keep).length > 0 && { keep }),
    ...(expectEveryMs !== undefined && { expectEveryMs }),
    ...(schema !== undefined && { schema: await schemaIn(schema) }),
    ...(!retain && { retain }),
    ...(readOnly && { readOnly }),
  };
}

async function schemaIn(file: string): Promise<JsonObject> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JsonObject;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
    throw new CommandFailure(`--schema ${file} cannot be read: ${why}`, 2, cause);
  }
}

function tellRestarted(topics: readonly string[]): void {
  if (topics.length > 0) process.stderr.write(`these start again, empty: ${topics.join(', ')}\n`);
}
