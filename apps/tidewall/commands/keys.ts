import { CommandFailure } from '../command-failure.ts';
import { readSecret } from '../read-secret.ts';
import { type ApiRequest, askForJson, parseServerUrl } from '../server-api.ts';

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly disabled: boolean;
  readonly secrets: readonly { readonly createdAt: number; readonly until?: number }[];
}

export interface KeyOptions {
  readonly url: string;
  readonly json?: boolean;
}

export interface CreateKeyOptions extends KeyOptions {
  readonly id?: string;
  readonly name?: string;
  /** The secret is the first line of standard input. */
  readonly secretStdin?: boolean;
}

export interface RotateKeyOptions extends KeyOptions {
  readonly overlap: number;
  readonly secretStdin?: boolean;
}

/** Makes a key, and prints its secret this once. */
export async function createKey({ id, name, secretStdin, ...options }: CreateKeyOptions): Promise<void> {
  const secret = secretStdin ? await readSecret() : undefined;
  const key = {
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    ...(secret !== undefined && { secret }),
  };
  tellSecret(await ask(options, 'api/keys', { body: JSON.stringify(key) }), options);
}

/** Gives a key a new secret, and prints it this once. */
export async function rotateKey(id: string, { overlap, secretStdin, ...options }: RotateKeyOptions): Promise<void> {
  const secret = secretStdin ? await readSecret() : undefined;
  const body = JSON.stringify({ overlapMs: overlap, ...(secret !== undefined && { secret }) });
  tellSecret(await ask(options, `${keyPath(id)}/rotate`, { body }), options);
}

/** Lists the keys, without their secrets. */
export async function listKeys(options: KeyOptions): Promise<void> {
  const { keys } = (await ask(options, 'api/keys')) as { keys: KeyRow[] };
  if (options.json) process.stdout.write(keys.map((key) => `${JSON.stringify(key)}\n`).join(''));
  else if (keys.length === 0) process.stderr.write('there are no keys yet; make one with "tidewall keys create"\n');
  else process.stdout.write(keyTable(keys));
}

/** Lets a key sign again, or not any more. */
export async function setKeyDisabled(id: string, disabled: boolean, options: KeyOptions): Promise<void> {
  await ask(options, keyPath(id), { method: 'PATCH', body: JSON.stringify({ disabled }) });
  process.stderr.write(`the key ${id} is ${disabled ? 'disabled' : 'enabled'}\n`);
}

export async function deleteKey(id: string, options: KeyOptions): Promise<void> {
  await ask(options, keyPath(id), { method: 'DELETE' });
  process.stderr.write(`the key ${id} is gone\n`);
}

/** `90s`, `30m`, `24h`, `7d`, or `0`, in milliseconds. */
export function durationMs(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})(s|m|h|d)?$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const ms = Number(number) * (units[unit] ?? (number === '0' ? 0 : Number.NaN));
  if (!Number.isFinite(ms)) throw new CommandFailure(`--overlap must be like 24h, 30m, 90s, 7d or 0, got ${text}`, 2);
  return ms;
}

function ask({ url }: KeyOptions, path: string, request?: ApiRequest): Promise<unknown> {
  return askForJson(parseServerUrl(url), path, request);
}

function keyPath(id: string): string {
  return `api/keys/${encodeURIComponent(id)}`;
}

function tellSecret(answer: unknown, { json }: KeyOptions): void {
  const key = answer as KeyRow & { readonly secret: string };
  if (json) process.stdout.write(`${JSON.stringify(key)}\n`);
  else process.stdout.write(`id      ${key.id}\nsecret  ${key.secret}\n`);
  process.stderr.write('the secret is not shown again; keep it where only its program can read it\n');
}

function keyTable(keys: readonly KeyRow[]): string {
  const rows = keys.map(({ id, name, createdAt, disabled, secrets }) => {
    const until = secrets.find((secret) => secret.until !== undefined)?.until;
    const state = disabled ? 'disabled' : until === undefined ? 'valid' : `rotating until ${minute(until)}`;
    return [id, minute(createdAt), state, name];
  });
  const all = [['ID', 'MADE', 'STATE', 'NAME'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
