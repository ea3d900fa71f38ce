import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { isJsonObject, type JsonObject } from '@tidewall/base';
import { parseDocument } from 'yaml';
import { pathOfPrototype } from './prototype-name.ts';
import { ConfigError } from './startup-errors.ts';

/** What a configuration file says, not yet checked. */
export interface ConfigFile {
  /** How messages call it. */
  readonly label: string;
  /** Relative paths in it start here. */
  readonly folder: string;
  readonly settings: JsonObject;
}

/** A larger file is not a configuration. */
const MAX_CONFIG_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads a file of YAML (JSON is YAML too); undefined when there is no such file.
 *
 * @throws ConfigError when it cannot be read or parsed, naming the place
 */
export async function readConfigFile(path: string): Promise<ConfigFile | undefined> {
  const label = basename(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(`${path} cannot be read: ${code ?? String(cause)}`, { cause });
  }
  if (text.length > MAX_CONFIG_CHARACTERS) throw new ConfigError(`${label} is larger than a configuration can be`);
  return { label, folder: dirname(resolve(path)), settings: parseSettings(text, label) };
}

function parseSettings(text: string, label: string): JsonObject {
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'error' });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const [at] = fault.linePos ?? [];
    const place = at === undefined ? '' : ` at line ${at.line}, column ${at.col}`;
    throw new ConfigError(`${label} is not YAML${place}: ${fault.message.split(/ at line|\n/)[0] ?? ''}`);
  }
  let settings: unknown;
  try {
    settings = document.toJS();
  } catch (cause) {
    throw new ConfigError(`${label} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (settings === null || settings === undefined) return {};
  if (!isJsonObject(settings)) throw new ConfigError(`${label} must hold settings by name, like "port: 7070"`);
  const odd = pathOfPrototype(settings);
  // What checks the settings would pass over it without a word.
  if (odd !== undefined) throw new ConfigError(`${odd} is unknown: no setting can be called __proto__ (in ${label})`);
  return settings;
}
