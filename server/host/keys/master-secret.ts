import { hkdfSync, randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { ConfigError } from '../startup-errors.ts';

/** A text that others cannot guess, by which what is secret is sealed at rest. */
export const LEAST_SECRET = 32;

/** What is sealed: what was sealed for one cannot be opened for another. */
export type SecretPurpose = 'keys' | 'sources' | 'sign-ins' | 'shares';

/** What everything is sealed with, and where it comes from, for messages. */
export interface MasterSecret {
  readonly key: Uint8Array;
  readonly from: string;
}

/**
 * The master secret: the setting, or else what is in the file, which is made once.
 *
 * @throws ConfigError when the file cannot be read or made, or holds too little
 */
export async function openMasterSecret(
  setting: string | undefined,
  path: string,
  purpose: SecretPurpose,
): Promise<MasterSecret> {
  if (setting !== undefined) return { key: derived(setting, purpose), from: 'the setting secret (TIDEWALL_SECRET)' };
  const text = (await readSecret(path)) ?? (await makeSecret(path));
  if (text.length < LEAST_SECRET) {
    throw new ConfigError(
      `${path} must hold at least ${LEAST_SECRET} characters; put back the file that it was made as`,
    );
  }
  return { key: derived(text, purpose), from: path };
}

function derived(secret: string, purpose: SecretPurpose): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `tidewall ${purpose}`, 32));
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(`${path} cannot be read: ${code}; mend its rights, or set TIDEWALL_SECRET`, { cause });
  }
}

async function makeSecret(path: string): Promise<string> {
  const text = randomBytes(32).toString('base64url');
  try {
    // Never over one that another process has just made.
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${text}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return (await readSecret(path)) ?? '';
    throw new ConfigError(`${path} cannot be made: ${code}; mend the rights of its folder, or set TIDEWALL_SECRET`, {
      cause,
    });
  }
  return text;
}
