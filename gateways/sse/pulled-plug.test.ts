import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '@tidewall/testkit';
import { describe, expect, test } from 'vitest';

/*
 * The machine of a client that only reads is gone, and nothing is sent: the system itself asks whether it is there. A
 * network of our own can be taken down; that needs Linux, and `unshare` and `ip`.
 */

const PROGRAM = fileURLToPath(new URL('./pulled-plug.contract.ts', import.meta.url));
const OWN_NETWORK = ['--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'];
const hasNetworks =
  findProgram('unshare') !== undefined &&
  findProgram('ip') !== undefined &&
  spawnSync('unshare', [...OWN_NETWORK, 'true']).status === 0;

/** The shortest at which the system has been told to ask before the next comment is due. */
const PING_MS = 12_000;

describe.skipIf(!hasNetworks)('a plug that is pulled while nothing is sent', () => {
  test.concurrent.each(['sse', 'flask-sse'])('is noticed before the next comment: %s', async (name) => {
    const program = [process.execPath, '--import', 'tsx', PROGRAM, name, String(PING_MS)];
    const { stdout } = await promisify(execFile)('unshare', [...OWN_NETWORK, ...program], { timeout: 50_000 });
    expect(Number(stdout)).toBeGreaterThan(9000);
    expect(Number(stdout)).toBeLessThan(PING_MS + 1000);
  });
});
