import { z } from 'zod';

const PROTOCOLS = ['redis:', 'rediss:'];
const DEFAULT_PORT = '6379';
const DATABASE = /^(?:\/\d{0,4})?$/;

/** The address of a Redis server in a configuration: `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
export const redisUrlField = z.string().refine(isRedisUrl, {
  error: 'must be an address like redis://user:password@host:6379/0 (rediss:// for TLS)',
});

/** The server as sentences may name it: without who connects, or by what password. */
export function placeOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || DEFAULT_PORT}`;
}

/** A sentence in which nothing that the address keeps secret is repeated. */
export function withoutSecrets(sentence: string, url: string): string {
  const { username, password } = new URL(url);
  return [url, `${username}:${password}`, password, decoded(password)]
    .filter((secret) => secret !== undefined && secret !== '' && secret !== ':')
    .reduce<string>((text, secret = '') => text.replaceAll(secret, '***'), sentence);
}

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(text);
  const readable = [username, password].every((part) => decoded(part) !== undefined);
  return PROTOCOLS.includes(protocol) && hostname !== '' && DATABASE.test(pathname) && readable;
}

/** Undefined when a percent sign does not begin a byte. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
