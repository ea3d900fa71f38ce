import { readFile } from 'node:fs/promises';
import { type JsonValue, parseJson } from '@tidewall/base';
import { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';
import { keepFile } from '../keep-file.ts';
import { ConfigError } from '../startup-errors.ts';
import { type TopicConfig, topicSettingsSchema } from './topic-settings-schema.ts';

/** As in a configuration file, so that what it holds can be moved there. */
const fileSchema = z.strictObject({ topics: z.array(topicSettingsSchema) });

/**
 * The settings in a file that `writeTopicSettings` has written; none when there is no such file.
 *
 * @throws ConfigError when it cannot be read, or says what no topic can be, naming the place
 */
export async function readTopicSettings(path: string): Promise<readonly TopicConfig[]> {
  let value: JsonValue;
  try {
    value = parseJson(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${path} cannot be read: ${code ?? why}; mend it, or move it away`, { cause });
  }
  const result = fileSchema.safeParse(value);
  if (result.success) return result.data.topics;
  const lines = wrongPlaces(result.error.issues, value, fileSchema)
    .slice(0, 20)
    .map((wrong) => `${pathText(wrong.path)} ${wrong.says} (in ${path})`);
  throw new ConfigError(lines.join('\n'));
}

/**
 * Keeps the settings so that a reader finds the old ones or the new ones, whenever the machine stops.
 *
 * @throws TidewallError storage_full
 */
export async function writeTopicSettings(path: string, topics: readonly TopicConfig[]): Promise<void> {
  await keepFile(path, `${topicSettingsText(topics)}\n`, 0o644);
}

/** What the file holds. */
export function topicSettingsText(topics: readonly TopicConfig[]): string {
  return JSON.stringify({ topics }, undefined, 2);
}
