import { readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { parse } from 'yaml';
import { CommandFailure } from '../command-failure.ts';
import { readSecret } from '../read-secret.ts';
import { type ApiRequest, askForJson, parseServerUrl } from '../server-api.ts';
import { put, settingsOf } from '../source-settings.ts';
import { rowTable, type SourceRow, sourceTable } from '../source-table.ts';
import { harmless } from '../terminal-text.ts';

export interface SourceOptions {
  readonly url: string;
  readonly json?: boolean;
}

/** How a source is set on the command line. */
export interface SetSourceOptions extends SourceOptions {
  readonly kind?: string;
  readonly set: readonly string[];
  /** YAML or JSON, as in the configuration. */
  readonly file?: string;
  /** A setting whose value is the first line of standard input. */
  readonly secret?: string;
}

export interface AddSourceOptions extends SetSourceOptions {
  readonly replace?: boolean;
}

export interface TrySourceOptions extends SetSourceOptions {
  readonly param: readonly string[];
  readonly rows?: number;
}

interface PreviewAnswer {
  readonly ok: boolean;
  readonly error?: string;
  readonly firstMs?: number;
  readonly tookMs: number;
  readonly refusals: number;
  readonly refused: readonly string[];
  readonly topics: readonly {
    readonly topic: string;
    readonly kind: string;
    readonly columns: readonly { readonly name: string; readonly type: string }[];
    readonly rows: readonly JsonValue[];
    readonly rowCount: number;
  }[];
}

interface KindRow {
  readonly kind: string;
  readonly example?: JsonObject;
  readonly schema: JsonObject;
}

const WIDTH = 80;

/** Lists the sources and how they are. */
export async function listSources(options: SourceOptions): Promise<void> {
  const { sources } = (await ask(options, 'api/sources')) as { sources: SourceRow[] };
  if (options.json) write(sources.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else if (sources.length === 0)
    process.stderr.write('there are no sources yet; make one with "tidewall sources add"\n');
  else write(sourceTable(sources, Date.now(), width()));
}

/** Makes a source, or sets another one in its place. */
export async function addSource(name: string, options: AddSourceOptions): Promise<void> {
  const { kind, settings } = await wanted(options);
  if (kind === undefined)
    throw new CommandFailure('--kind must be given, or be in the file; see "tidewall sources kinds"', 2);
  const body = JSON.stringify({ ...settings, kind, ...(options.replace ? {} : { name }) });
  await (options.replace
    ? ask(options, sourcePath(name), { method: 'PUT', body })
    : ask(options, 'api/sources', { body }));
  process.stderr.write(
    `${name} is there; it runs while somebody watches. Try it with "tidewall sources test ${name}"\n`,
  );
}

export async function removeSource(name: string, options: SourceOptions): Promise<void> {
  await ask(options, sourcePath(name), { method: 'DELETE' });
  process.stderr.write(`${name} is gone; what its topics hold stays\n`);
}

/** Prints how a source is set, without its secrets. */
export async function showSource(name: string, options: SourceOptions): Promise<void> {
  write(`${JSON.stringify(await ask(options, sourcePath(name)), undefined, options.json ? undefined : 2)}\n`);
}

/** Says whether a source works. */
export async function testSource(name: string | undefined, options: TrySourceOptions): Promise<void> {
  const answer = await tried('api/sources/test', name, options);
  if (options.json) write(`${JSON.stringify(answer)}\n`);
  const { ok, firstMs, tookMs, refusals, refused } = answer;
  if (refusals > 0) process.stderr.write(`${refusals} rows were refused, e.g. ${harmless(refused[0] ?? '')}\n`);
  if (!ok) throw new CommandFailure(harmless(answer.error ?? 'it does not work'));
  process.stderr.write(
    firstMs === undefined ? `it works; nothing came in ${tookMs} ms\n` : `it works: data after ${firstMs} ms\n`,
  );
}

/** Prints what a source brings first. */
export async function previewSource(name: string | undefined, options: TrySourceOptions): Promise<void> {
  const answer = await tried('api/sources/preview', name, options);
  if (options.json) write(`${JSON.stringify(answer)}\n`);
  else {
    for (const { topic, kind, columns, rows, rowCount } of answer.topics) {
      const types = columns.map(({ name: column, type }) => `${column === '' ? 'value' : column}: ${type}`).join(', ');
      write(`${harmless(`${topic} (${kind}), ${rowCount} rows${types === '' ? '' : ` of ${types}`}`)}\n`);
      if (rows.length > 0)
        write(
          `${rowTable(
            rows,
            columns.map((column) => column.name),
            width(),
          )}`,
        );
    }
    for (const reason of answer.refused) process.stderr.write(`refused: ${harmless(reason)}\n`);
  }
  if (!answer.ok) throw new CommandFailure(harmless(answer.error ?? 'it does not work'));
}

/** Lists the kinds of source, or prints the settings of one. */
export async function sourceKinds(kind: string | undefined, options: SourceOptions): Promise<void> {
  const { kinds } = (await ask(options, 'api/source-kinds')) as { kinds: KindRow[] };
  if (kind !== undefined) {
    const found = kinds.find((each) => each.kind === kind);
    if (found === undefined) {
      throw new CommandFailure(
        `there is no kind of source "${kind}"; there are ${kinds.map((each) => each.kind).join(', ')}`,
      );
    }
    write(`${JSON.stringify(found.schema, undefined, options.json ? undefined : 2)}\n`);
  } else if (options.json) write(kinds.map((row) => `${JSON.stringify(row)}\n`).join(''));
  else {
    const names = Math.max(...kinds.map((each) => each.kind.length));
    write(kinds.map((each) => `${each.kind.padEnd(names)}  ${JSON.stringify(each.example ?? {})}\n`).join(''));
  }
}

async function tried(path: string, name: string | undefined, options: TrySourceOptions): Promise<PreviewAnswer> {
  const { kind, settings } = await wanted(options);
  if (name === undefined && kind === undefined) throw new CommandFailure('name a source, or give --kind and --set', 2);
  const params = Object.fromEntries(
    options.param.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new CommandFailure(`--param must be like region=sh, got ${JSON.stringify(pair)}`, 2);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const body = {
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind, settings }),
    ...(options.rows !== undefined && { rows: options.rows }),
    params,
  };
  return (await ask(options, path, { body: JSON.stringify(body) })) as PreviewAnswer;
}

async function wanted({ kind, set, file, secret }: SetSourceOptions): Promise<{ kind?: string; settings: JsonObject }> {
  const { kind: ofFile, ...fromFile } = file === undefined ? {} : await readSettings(file);
  const settings = settingsOf(set, fromFile as JsonObject);
  if (secret !== undefined) put(settings, secret.split('.'), await readSecret());
  const name = kind ?? (typeof ofFile === 'string' ? ofFile : undefined);
  return { ...(name !== undefined && { kind: name }), settings };
}

async function readSettings(path: string): Promise<JsonObject> {
  try {
    const value = parse(await readFile(path, 'utf8')) as JsonValue;
    if (isJsonObject(value)) return value;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
    throw new CommandFailure(`${path} cannot be read: ${why}`, 2, cause);
  }
  throw new CommandFailure(`${path} must hold the settings of one source, as YAML or JSON`, 2);
}

function ask({ url }: SourceOptions, path: string, request?: ApiRequest): Promise<unknown> {
  return askForJson(parseServerUrl(url), path, request);
}

function sourcePath(name: string): string {
  return `api/sources/${encodeURIComponent(name)}`;
}

function write(text: string): void {
  process.stdout.write(text);
}

function width(): number {
  return process.stdout.columns ?? WIDTH;
}
