import { isIP } from 'node:net';
import type { z } from 'zod';
import type { TlsSettings } from '../tls-fields.ts';
import { DIALECTS, type DialectName } from './dialects.ts';
import type { ServerAddress } from './server-address.ts';

/** Names and addresses of hosts. */
export const HOST = /^[A-Za-z0-9_.:-]+$/;

/** Where the database is, as it is configured. */
export interface AddressSettings {
  readonly url?: string | undefined;
  readonly dialect?: DialectName | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  readonly tls?: TlsSettings | undefined;
}

/** Schemes that people write in place of ours. */
const SCHEMES: Readonly<Record<string, DialectName>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mariadb',
  'clickhouse:': 'clickhouse',
};
const FORM = 'must be an address like postgres://user:password@host:5432/database';
const SECURE_MODES = ['require', 'verify-ca', 'verify-full'];
const OPEN_MODES = ['disable', 'allow', 'prefer'];

/**
 * For `superRefine`: what of an address is missing, twice or wrong, never with a value.
 *
 * @returns which database it is of; undefined when nobody can say
 */
export function checkAddress(settings: AddressSettings, context: z.core.$RefinementCtx): DialectName | undefined {
  const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const { url, host, tls } = settings;
  if (url === undefined) {
    for (const field of ['dialect', 'host', 'user'] as const) {
      if (settings[field] === undefined) complain(field, 'must be given where there is no url');
    }
  } else {
    const fault = faultOfUrl(url);
    if (fault !== undefined) {
      complain('url', fault);
      return undefined;
    }
    for (const field of ['dialect', 'host', 'port', 'user', 'password', 'database'] as const) {
      if (settings[field] !== undefined) complain(field, 'must be absent where there is a url, which says it');
    }
  }
  const dialect = dialectOf(settings);
  if (dialect === undefined || (url === undefined && host === undefined)) return dialect;
  const address = readAddress(settings);
  if (dialect === 'clickhouse' && (tls?.serverName !== undefined || tls?.cert !== undefined)) {
    complain('tls', 'may have ca and insecure for clickhouse, and nothing else');
  }
  const isMysql = dialect === 'mysql' || dialect === 'mariadb';
  if (isMysql && address.tls && !address.tls.insecure && isIP(address.tls.serverName ?? address.host) > 0) {
    complain('tls', 'must have serverName where the host is no name: the name in its certificate');
  }
  return dialect;
}

/** Which database settings that were checked are of. */
export function dialectOf({ url, dialect }: AddressSettings): DialectName | undefined {
  return url === undefined ? dialect : SCHEMES[new URL(url).protocol];
}

/** The address of settings that were checked. */
export function readAddress(settings: AddressSettings): ServerAddress {
  const dialect = DIALECTS[dialectOf(settings) ?? 'postgres'];
  const { url } = settings;
  if (url === undefined) {
    const { host = '', user = '', password = '', database = '', tls } = settings;
    return { host, port: settings.port ?? portOf(dialect, tls), user, password, database, tls };
  }
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const tls =
    settings.tls ?? (SECURE_MODES.includes(searchParams.get('sslmode') ?? '') ? { insecure: false } : undefined);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? portOf(dialect, tls) : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    tls,
  };
}

function portOf({ port, portOfTls }: { port: number; portOfTls: number }, tls: TlsSettings | undefined): number {
  return tls === undefined ? port : portOfTls;
}

function faultOfUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return FORM;
  const { protocol, hostname, username, password, pathname, searchParams, hash } = new URL(url);
  if (!Object.hasOwn(SCHEMES, protocol) || hostname === '' || hash !== '') return FORM;
  if (![username, password, pathname].every(isReadable)) return 'must write % as %25: it begins a byte';
  if (username === '') return 'must name the user: postgres://user:password@host/database';
  if (!HOST.test(hostname.replace(/^\[(.*)\]$/, '$1'))) return FORM;
  const modes = [...SECURE_MODES, ...OPEN_MODES];
  for (const [name, value] of searchParams) {
    if (name !== 'sslmode' || !modes.includes(value))
      return `may have sslmode (${modes.join(', ')}) behind its ?, and nothing else`;
  }
  return undefined;
}

function isReadable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
