import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keepFile } from './keep-file.ts';

/** What the commands of this machine show, and to whom. */
export interface LocalToken {
  readonly token: string;
  /** The port of the server that made it: no other program of this machine is shown it. */
  readonly port: number;
}

const fileIn = (dataDir: string) => join(dataDir, 'local.token');

/** A token that nobody knows who cannot read the data folder. It ends with the process. */
export function newLocalToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Lays it where those find it who may read the data folder. */
export async function keepLocalToken(dataDir: string, token: LocalToken): Promise<void> {
  await keepFile(fileIn(dataDir), `${JSON.stringify(token)}\n`, 0o600);
}

/** The one that lies in a data folder; undefined when none does, or it cannot be read. */
export async function readLocalToken(dataDir: string): Promise<LocalToken | undefined> {
  try {
    const { token, port } = JSON.parse(await readFile(fileIn(dataDir), 'utf8')) as Partial<LocalToken>;
    return typeof token === 'string' && typeof port === 'number' ? { token, port } : undefined;
  } catch {
    return undefined;
  }
}

/** Takes it away when the server stops. */
export async function dropLocalToken(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}
