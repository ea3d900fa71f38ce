import { shareLinkSignature, shareLinkText } from '@tidewall/host';
import { CommandFailure } from '../command-failure.ts';
import { readSecret } from '../read-secret.ts';
import { type ApiRequest, askForJson, parseServerUrl, parseValue } from '../server-api.ts';

interface ShareRow {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly views: number;
  readonly hasPassword: boolean;
  readonly expiresAt?: number;
  readonly addresses?: readonly string[];
  readonly mostViews?: number;
  readonly variables: Readonly<Record<string, string | number | boolean>>;
  readonly signedBy?: string;
}

export interface ShareOptions {
  readonly url: string;
  readonly json?: boolean;
}

export interface NewShareOptions extends ShareOptions {
  readonly name?: string;
  /** Its password is the first line of standard input. */
  readonly password?: boolean;
  readonly expires?: number;
  readonly address?: readonly string[];
  readonly views?: number;
  /** `name=value`, each. */
  readonly variable?: readonly string[];
  readonly signedBy?: string;
}

export interface ShareLinkOptions extends ShareOptions {
  readonly expires: number;
  readonly variable?: readonly string[];
}

/** Makes a link to a screen, and prints it. */
export async function addShare(screen: string, options: NewShareOptions): Promise<void> {
  const { name, expires, address, views, variable, signedBy } = options;
  const password = options.password ? await readSecret('password') : undefined;
  const share = {
    ...(name !== undefined && { name }),
    ...(password !== undefined && { password }),
    ...(expires !== undefined && expires !== Number.POSITIVE_INFINITY && { expiresAt: Date.now() + expires }),
    ...(address !== undefined && { addresses: address }),
    ...(views !== undefined && { mostViews: views }),
    ...(variable !== undefined && { variables: variablesOf(variable, (text) => parseValue(text, 'either') as string) }),
    ...(signedBy !== undefined && { signedBy }),
  };
  const made = (await ask(options, sharesPath(screen), { body: JSON.stringify(share) })) as ShareRow;
  if (options.json) process.stdout.write(`${JSON.stringify(made)}\n`);
  else process.stdout.write(`${new URL(made.path, parseServerUrl(options.url)).href}\n`);
  if (made.signedBy === undefined || options.json) return;
  process.stderr.write(`only links that ${made.signedBy} has signed are good: see "tidewall shares sign"\n`);
}

export async function listShares(screen: string, options: ShareOptions): Promise<void> {
  const { shares } = (await ask(options, sharesPath(screen))) as { shares: readonly ShareRow[] };
  if (options.json) process.stdout.write(shares.map((share) => `${JSON.stringify(share)}\n`).join(''));
  else if (shares.length === 0) process.stderr.write(`${screen} is not shared; see "tidewall shares add"\n`);
  else for (const share of shares) process.stdout.write(`${share.id}  ${askedBy(share)}\n`);
}

export async function setShareDisabled(
  screen: string,
  id: string,
  disabled: boolean,
  options: ShareOptions,
): Promise<void> {
  await ask(options, `${sharesPath(screen)}/${encodeURIComponent(id)}`, {
    method: 'PATCH',
    body: JSON.stringify({ disabled }),
  });
  process.stderr.write(`the link ${id} is ${disabled ? 'disabled: who has opened it is out' : 'enabled'}\n`);
}

export async function deleteShare(screen: string, id: string, options: ShareOptions): Promise<void> {
  await ask(options, `${sharesPath(screen)}/${encodeURIComponent(id)}`, { method: 'DELETE' });
  process.stderr.write(`the link ${id} is gone\n`);
}

/** Prints a link that the key of a share has signed, with the key's secret from standard input. Asks no server. */
export async function signShare(id: string, { url, expires, variable = [] }: ShareLinkOptions): Promise<void> {
  const secret = process.env['TIDEWALL_KEY_SECRET'] || (await readSecret());
  const ends = String(Math.floor((Date.now() + expires) / 1000));
  const variables = variablesOf(variable, (text) => text);
  const link = new URL(`/share/${encodeURIComponent(id)}`, parseServerUrl(url));
  link.searchParams.set('expires', ends);
  for (const [name, value] of Object.entries(variables)) link.searchParams.set(`var.${name}`, value);
  link.searchParams.set('sig', shareLinkSignature(secret, shareLinkText(id, ends, variables)));
  process.stdout.write(`${link.href}\n`);
}

function ask({ url }: ShareOptions, path: string, request?: ApiRequest): Promise<unknown> {
  return askForJson(parseServerUrl(url), path, request);
}

function sharesPath(screen: string): string {
  return `api/screens/${encodeURIComponent(screen)}/shares`;
}

function variablesOf<Value>(pairs: readonly string[], parse: (text: string) => Value): Record<string, Value> {
  const entries = pairs.map((pair): [string, Value] => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CommandFailure(`--variable must be name=value, got ${JSON.stringify(pair)}`, 2);
    return [pair.slice(0, at), parse(pair.slice(at + 1))];
  });
  return Object.fromEntries(entries);
}

/** What is asked of who opens it, in a line. */
function askedBy({
  name,
  disabled,
  views,
  hasPassword,
  expiresAt,
  addresses,
  mostViews,
  variables,
  signedBy,
}: ShareRow): string {
  const fixed = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
  return [
    ...(disabled ? ['disabled'] : []),
    mostViews === undefined ? `${views} views` : `${views} of ${mostViews} views`,
    ...(hasPassword ? ['password'] : []),
    ...(expiresAt === undefined ? [] : [`until ${new Date(expiresAt).toISOString().slice(0, 16)}Z`]),
    ...(addresses === undefined ? [] : [`from ${addresses.join(', ')}`]),
    ...(signedBy === undefined ? [] : [`signed by ${signedBy}`]),
    ...fixed,
    ...(name === '' ? [] : [name]),
  ].join(' · ');
}
