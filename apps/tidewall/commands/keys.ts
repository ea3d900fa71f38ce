import { isJsonObject, type JsonObject } from '@tidewall/base';
import { CommandFailure } from '../command-failure.ts';
import { readSecret } from '../read-secret.ts';
import { type ApiRequest, askForJson, parseServerUrl, parseValue } from '../server-api.ts';

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly disabled: boolean;
  readonly roles: readonly string[];
  readonly rules: readonly JsonObject[];
  readonly bearer: boolean;
  readonly expiresAt?: number;
  readonly lastUsedAt?: number;
  readonly secrets: readonly { readonly createdAt: number; readonly until?: number }[];
}

export interface KeyOptions {
  readonly url: string;
  readonly json?: boolean;
}

/** What a key may do, as it is typed. */
export interface KeyRightsOptions extends KeyOptions {
  readonly name?: string;
  readonly role?: readonly string[];
  readonly rule?: readonly string[];
  /** In so many milliseconds; never when it is Infinity. */
  readonly expires?: number;
  readonly bearer?: boolean;
}

export interface CreateKeyOptions extends KeyRightsOptions {
  readonly id?: string;
  /** The secret is the first line of standard input. */
  readonly secretStdin?: boolean;
}

export interface RotateKeyOptions extends KeyOptions {
  readonly overlap: number;
  readonly secretStdin?: boolean;
}

/** Makes a key, and prints its secret this once. */
export async function createKey({ id, secretStdin, ...options }: CreateKeyOptions): Promise<void> {
  const { expiresAt, ...rights } = rightsOf(options);
  const secret = secretStdin ? await readSecret() : undefined;
  const key = {
    ...rights,
    ...(typeof expiresAt === 'number' && { expiresAt }),
    ...(id !== undefined && { id }),
    ...(secret !== undefined && { secret }),
  };
  tellSecret(await ask(options, 'api/keys', { body: JSON.stringify(key) }), options);
}

/** Says what a key may do from now on; what is not typed stays. */
export async function setKey(id: string, options: KeyRightsOptions): Promise<void> {
  const change = rightsOf(options);
  if (Object.keys(change).length === 0) throw new CommandFailure('say what changes, like --role viewer; see --help', 2);
  await ask(options, keyPath(id), { method: 'PATCH', body: JSON.stringify(change) });
  process.stderr.write(`the key ${id} is changed\n`);
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

/** `30d`, or `never`, in milliseconds. */
export function expiryMs(text: string): number {
  return text === 'never' ? Number.POSITIVE_INFINITY : durationMs(text, '--expires');
}

/** `90s`, `30m`, `24h`, `7d`, or `0`, in milliseconds. */
export function durationMs(text: string, option = '--overlap'): number {
  const [, number, unit = ''] = /^(\d{1,9})(s|m|h|d)?$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const ms = Number(number) * (units[unit] ?? (number === '0' ? 0 : Number.NaN));
  if (!Number.isFinite(ms)) throw new CommandFailure(`${option} must be like 24h, 30m, 90s, 7d or 0, got ${text}`, 2);
  return ms;
}

/** The members of a key that were typed. `none` is an empty list. */
function rightsOf({ name, role, rule, expires, bearer }: KeyRightsOptions) {
  const list = <T>(given: readonly string[], read: (text: string) => T) =>
    given.length === 1 && given[0] === 'none' ? [] : given.map(read);
  return {
    ...(name !== undefined && { name }),
    ...(role !== undefined && { roles: list(role, (text) => text) }),
    ...(rule !== undefined && { rules: list(rule, readRule) }),
    ...(expires !== undefined && { expiresAt: Number.isFinite(expires) ? Date.now() + expires : null }),
    ...(bearer !== undefined && { bearer }),
  };
}

/** `topics sales/# publish`, or a rule as JSON, which may have a filter and fields too. */
function readRule(text: string): JsonObject {
  if (text.trimStart().startsWith('{')) {
    const rule = parseValue(text, 'json');
    if (isJsonObject(rule)) return rule;
  }
  const [thing = '', names = '', ...actions] = text.trim().split(/\s+/);
  const may = actions.flatMap((action) => action.split(',')).filter((action) => action !== '');
  if (may.length > 0) return { [thing]: names, may };
  const says = `--rule must be like 'topics sales/# publish', or a rule as JSON; got ${JSON.stringify(text)}`;
  throw new CommandFailure(says, 2);
}

/** A rule as `--rule` takes it. */
function ruleText({ may, ...rule }: JsonObject): string {
  const [[thing, names] = []] = Object.entries(rule);
  const actions = Array.isArray(may) ? may.join(',') : '';
  return Object.keys(rule).length === 1
    ? `${thing} ${names} ${actions}`
    : JSON.stringify({ ...rule, may: may ?? null });
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
  const rows = keys.map(({ id, name, createdAt, disabled, secrets, roles, rules, bearer, expiresAt, lastUsedAt }) => {
    const until = secrets.find((secret) => secret.until !== undefined)?.until;
    const rotating = until === undefined ? 'valid' : `rotating until ${minute(until)}`;
    const expired = expiresAt !== undefined && expiresAt <= Date.now();
    const state = disabled ? 'disabled' : expired ? 'expired' : rotating;
    const may = [...roles, ...rules.map(ruleText)].join('; ');
    const times = [expiresAt, lastUsedAt].map((at) => (at === undefined ? 'never' : minute(at)));
    return [id, minute(createdAt), state, ...times, bearer ? 'shown' : 'signs', may || 'nothing', name];
  });
  const all = [['ID', 'MADE', 'STATE', 'EXPIRES', 'LAST USE', 'HOW', 'MAY', 'NAME'], ...rows];
  const widths = [0, 1, 2, 3, 4, 5, 6].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
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
