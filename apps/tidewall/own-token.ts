import { resolve } from 'node:path';
import { isLoopback, readLocalToken } from '@tidewall/host';

/**
 * What this command shows a server: `TIDEWALL_TOKEN` when it is set; else, to the server of this machine whose data folder
 * it may read, what lies there. Undefined: nothing.
 */
export async function ownToken(base: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  if (env['TIDEWALL_TOKEN']) return env['TIDEWALL_TOKEN'];
  const { hostname, port, protocol } = new URL(base);
  if (!isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'))) return undefined;
  const local = await readLocalToken(resolve(env['TIDEWALL_DATA_DIR'] || 'data'));
  const asked = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  // To no other program that listens on this machine.
  return local?.port === asked ? `local:${local.token}` : undefined;
}
