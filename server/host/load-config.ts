import { resolve } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Config } from './config.ts';
import { configSchema } from './config.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { pathText, wrongPlaces } from './issue-sentence.ts';
import { nearestNames } from './nearest-name.ts';
import { ConfigError } from './startup-errors.ts';

/** A setting given on the command line, and what it was called there. */
export interface Flag {
  readonly flag: string;
  readonly value: JsonValue;
}

/** The settings that have a flag or a variable of their own. The rest is for the file. */
export type FlagName =
  | 'port'
  | 'host'
  | 'dataDir'
  | 'demo'
  | 'node'
  | 'logLevel'
  | 'allowedOrigins'
  | 'allowedHosts'
  | 'screens'
  | 'broker'
  | 'listen'
  | 'secret'
  | 'access'
  | 'adminPassword'
  | 'redis';

export interface ConfigOrigins {
  readonly flags: Readonly<Partial<Record<FlagName | 'config', Flag>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `./tidewall.yaml` is looked for, and what relative paths of flags and variables start from. */
  readonly folder: string;
  /** The demo's own configuration; its sources and topics count when `demo` is on and nobody else named them. */
  readonly demoFile?: string | undefined;
}

/** One source as it is configured; its own schema has not seen it yet. */
export interface ConfiguredSource {
  readonly name: string;
  readonly kind: string;
  /** Everything but `kind`. */
  readonly settings: JsonObject;
  /** Relative paths in `settings` start here. */
  readonly baseDir: string;
  /** The file it comes from, for messages. */
  readonly from: string;
}

/** A configuration that has been checked, with absolute paths. */
export interface LoadedConfig {
  readonly config: Config & { readonly screens: string };
  readonly sources: readonly ConfiguredSource[];
  /** The file that was read, when there was one. */
  readonly file: string | undefined;
}

const VARIABLES: Readonly<
  Record<string, { readonly name: FlagName | 'config'; readonly parse: (text: string) => JsonValue }>
> = {
  TIDEWALL_PORT: { name: 'port', parse: numberOrText },
  TIDEWALL_HOST: { name: 'host', parse: (text) => text },
  TIDEWALL_DATA_DIR: { name: 'dataDir', parse: (text) => text },
  TIDEWALL_CONFIG: { name: 'config', parse: (text) => text },
  TIDEWALL_DEMO: { name: 'demo', parse: yesOrNo },
  TIDEWALL_NODE: { name: 'node', parse: (text) => text },
  TIDEWALL_LOG_LEVEL: { name: 'logLevel', parse: (text) => text },
  TIDEWALL_ALLOWED_ORIGINS: { name: 'allowedOrigins', parse: list },
  TIDEWALL_ALLOWED_HOSTS: { name: 'allowedHosts', parse: list },
  TIDEWALL_SCREENS: { name: 'screens', parse: (text) => text },
  TIDEWALL_BROKER: { name: 'broker', parse: (text) => text },
  TIDEWALL_LISTEN: { name: 'listen', parse: portsByKind },
  TIDEWALL_REDIS: { name: 'redis', parse: (text) => text },
  TIDEWALL_ADMIN_PASSWORD: { name: 'adminPassword', parse: (text) => text },
  TIDEWALL_ACCESS: { name: 'access', parse: (text) => text },
  TIDEWALL_SECRET: { name: 'secret', parse: (text) => text },
};

/** `TIDEWALL_OIDC_CORP_SECRET`: the client secret of the provider `corp`. */
const PROVIDER_SECRET = /^TIDEWALL_OIDC_([A-Z0-9_]+)_SECRET$/;

/** Variables that other commands read. */
const VARIABLES_OF_OTHERS = ['TIDEWALL_URL', 'TIDEWALL_KEY_SECRET', 'TIDEWALL_TOKEN'];

/**
 * The configuration: flags over variables over the file over the demo's file over defaults.
 *
 * @throws ConfigError naming each wrong setting, what is allowed, and where it was set
 */
export async function loadConfig(origins: ConfigOrigins): Promise<LoadedConfig> {
  const given = { ...variablesOf(origins.env), ...origins.flags };
  const file = await findFile(given, origins.folder);
  const demo = origins.demoFile === undefined ? undefined : await readConfigFile(origins.demoFile);

  const settings: JsonObject = { ...file?.settings };
  for (const [name, flag] of Object.entries(given)) if (name !== 'config' && flag) settings[name] = flag.value;
  giveProviderSecrets(settings, origins.env);
  const own = check(settings, (name) => {
    const flag = given[name as FlagName]?.flag;
    return flag === undefined ? `in ${file?.label ?? 'the defaults'}` : `from ${flag}`;
  });

  const demoConfig = own.demo && demo !== undefined ? check(demo.settings, () => `in ${demo.label}`) : undefined;
  const dirOf = (name: 'dataDir' | 'screens') =>
    given[name] === undefined ? (file?.folder ?? origins.folder) : origins.folder;
  const dataDir = resolve(dirOf('dataDir'), own.dataDir);
  const fileDir = file?.folder ?? origins.folder;
  return {
    config: {
      ...own,
      dataDir,
      ...(own.tls && { tls: { cert: resolve(fileDir, own.tls.cert), key: resolve(fileDir, own.tls.key) } }),
      screens: own.screens === undefined ? resolve(dataDir, 'screens') : resolve(dirOf('screens'), own.screens),
      topics: [...own.topics, ...(demoConfig?.topics ?? [])],
      sources: { ...demoConfig?.sources, ...own.sources },
    },
    sources: [
      ...(file === undefined ? [] : sourcesOf(own, file)),
      ...(demoConfig === undefined || demo === undefined
        ? []
        : sourcesOf(demoConfig, demo).filter(({ name }) => !Object.hasOwn(own.sources, name))),
    ],
    file: file === undefined ? undefined : resolve(file.folder, file.label),
  };
}

function sourcesOf(config: Config, file: ConfigFile): ConfiguredSource[] {
  return Object.entries(config.sources).map(([name, { kind, ...settings }]) => ({
    name,
    kind,
    settings: settings as JsonObject,
    baseDir: file.folder,
    from: file.label,
  }));
}

async function findFile(given: Partial<Record<string, Flag>>, folder: string): Promise<ConfigFile | undefined> {
  const named = given['config'];
  if (named !== undefined) {
    const path = resolve(folder, String(named.value));
    const file = await readConfigFile(path);
    if (file === undefined) throw new ConfigError(`there is no file ${path} (from ${named.flag})`);
    return file;
  }
  const dataDir = given['dataDir']?.value;
  return (
    (await readConfigFile(resolve(folder, 'tidewall.yaml'))) ??
    (await readConfigFile(resolve(folder, typeof dataDir === 'string' ? dataDir : 'data', 'tidewall.yaml')))
  );
}

function check(settings: JsonObject, originOf: (name: string) => string): Config {
  const result = configSchema.safeParse(settings);
  if (result.success) return result.data;
  const lines = wrongPlaces(result.error.issues, settings, configSchema, [
    'secret',
    'redis',
    'adminPassword',
    'clientSecret',
  ])
    .slice(0, 20)
    .map(({ path, says }) => `${pathText(path)} ${says} (${originOf(String(path[0] ?? ''))})`);
  throw new ConfigError(lines.join('\n'));
}

function variablesOf(env: Readonly<Record<string, string | undefined>>): Partial<Record<FlagName | 'config', Flag>> {
  const flags: Partial<Record<FlagName | 'config', Flag>> = {};
  const unknown: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('TIDEWALL_') || text === undefined || VARIABLES_OF_OTHERS.includes(variable)) continue;
    if (PROVIDER_SECRET.test(variable)) continue;
    const known = Object.hasOwn(VARIABLES, variable) ? VARIABLES[variable] : undefined;
    if (known === undefined) unknown.push(variable);
    // An empty variable is how a container file says "not set".
    else if (text !== '') flags[known.name] = { flag: variable, value: known.parse(text) };
  }
  if (unknown.length > 0) throw new ConfigError(unknown.map(unknownVariable).join('\n'));
  return flags;
}

/** Puts what variables say into the providers of the file. @throws ConfigError when there is no such provider */
function giveProviderSecrets(settings: JsonObject, env: Readonly<Record<string, string | undefined>>): void {
  for (const [variable, secret] of Object.entries(env)) {
    const [, wanted] = PROVIDER_SECRET.exec(variable) ?? [];
    if (wanted === undefined || secret === undefined || secret === '') continue;
    const providers = settings['oidc'];
    const known = isJsonObject(providers) ? Object.entries(providers) : [];
    const variableOf = (name: string) => name.toUpperCase().replaceAll('-', '_');
    const [name, provider] = known.find(([each]) => variableOf(each) === wanted) ?? [];
    if (name === undefined || provider === undefined || !isJsonObject(provider)) {
      const names = known.map(([each]) => `TIDEWALL_OIDC_${variableOf(each)}_SECRET`).join(', ');
      throw new ConfigError(`${variable} is for a provider that oidc does not have; known are ${names || 'none'}`);
    }
    settings['oidc'] = { ...(providers as JsonObject), [name]: { ...provider, clientSecret: secret } };
  }
}

function unknownVariable(variable: string): string {
  const names = Object.keys(VARIABLES);
  const [nearest] = nearestNames(variable, names);
  const hint = nearest === undefined ? `known are ${names.join(', ')}` : `did you mean ${nearest}?`;
  return `${variable} is not a known setting of the environment; ${hint}`;
}

function numberOrText(text: string): JsonValue {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

function yesOrNo(text: string): JsonValue {
  const word = text.trim().toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return true;
  return ['false', '0', 'no', 'off'].includes(word) ? false : text;
}

function list(text: string): JsonValue {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `tcv=3000,koa-http=8888`. What is not of that form is left as it is, for the schema to refuse. */
export function portsByKind(text: string): JsonValue {
  const pairs = text.split(',').map((part) => part.trim().split('='));
  if (!pairs.every((pair) => pair.length === 2)) return text;
  return Object.fromEntries(pairs.map(([kind = '', port = '']) => [kind, numberOrText(port)]));
}
