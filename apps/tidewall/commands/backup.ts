import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '@tidewall/base';
import {
  backupFolder,
  createLog,
  exportBackup,
  type Flag,
  importFolder,
  isFolderTaken,
  loadConfig,
  readLocalToken,
  restoreBackup,
} from '@tidewall/host';
import { CommandFailure } from '../command-failure.ts';
import { askForStream, parseServerUrl } from '../server-api.ts';

export interface BackupOptions {
  readonly url?: string;
  readonly dataDir?: string;
  readonly config?: string;
  readonly withSecret?: boolean;
}

export interface ImportCommandOptions {
  readonly dataDir?: string;
  readonly config?: string;
  readonly dryRun?: boolean;
}

export interface RestoreCommandOptions {
  readonly dataDir?: string;
  readonly config?: string;
  readonly force?: boolean;
}

const log = createLog({
  level: 'warn',
  human: false,
  colors: false,
  node: 'tidewall',
  write: (line) => process.stderr.write(line),
});

/** Writes a backup to a new file: of a server that runs, or of a data folder whose server does not. */
export async function backup(file: string, options: BackupOptions, version: string): Promise<void> {
  const path = resolve(file);
  if (await exists(path)) throw new CommandFailure(`${path} is there already; name another file`, 2);
  const aside = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await pipeline(await backupOf(options, version), createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
    const written = await open(aside, 'r+');
    await written.sync().finally(() => written.close());
    await rename(aside, path);
  } catch (failure) {
    await rm(aside, { force: true });
    const { code } = failure as NodeJS.ErrnoException;
    if (code === undefined) throw failure;
    throw new CommandFailure(`no backup was written to ${path}: ${code}`, 1, failure);
  }
  const without = 'without secret.key: keep that apart, or keys and passwords of sources in it cannot be opened';
  process.stderr.write(
    `${path}: ${(await stat(path)).size} bytes, ${options.withSecret ? 'with secret.key: keep it as you keep that' : without}\n`,
  );
}

async function backupOf({ url, withSecret = false, ...rest }: BackupOptions, version: string): Promise<Readable> {
  const path = `api/backup?secret=${withSecret}`;
  if (url !== undefined) return askForStream(parseServerUrl(url), path);
  const loaded = await configOf(rest);
  const { dataDir } = loaded.config;
  if (!(await exists(dataDir)))
    throw new CommandFailure(`there is no data folder ${dataDir}; name it with --data-dir`, 2);
  try {
    return await backupFolder({ loaded, version, withSecret, log });
  } catch (failure) {
    if (!isFolderTaken(failure)) throw failure;
    const local = await readLocalToken(dataDir);
    if (local === undefined) throw failure;
    const scheme = loaded.config.tls === undefined ? 'http' : 'https';
    return askForStream(`${scheme}://localhost:${local.port}`, path, `local:${local.token}`);
  }
}

/** Makes a data folder what a backup holds, and says what else is to be done. */
export async function restore(file: string, options: RestoreCommandOptions): Promise<void> {
  const { config } = await configOf(options);
  const { dataDir, screens } = config;
  const { manifest, aside, hasSecret } = await restoreBackup({
    ...{ file: resolve(file), dataDir, log, clock: systemClock },
    force: options.force === true,
  });
  const count = (folder: string) => manifest.entries.filter(({ name }) => name.startsWith(`${folder}/`)).length;
  const lines = [
    `${dataDir} is as it was on ${new Date(manifest.madeAt).toISOString()}, with ${count('screens')} screens and ${count('files')} files`,
    ...(aside === undefined ? [] : [`what was in it is in ${aside}`]),
    ...(hasSecret || config.secret !== undefined
      ? []
      : ['there is no secret.key: put back the one of then, or set TIDEWALL_SECRET, before the server starts']),
    ...(screens === resolve(dataDir, 'screens') ? [] : [`screens are shown from ${screens}: copy them there`]),
  ];
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Writes everything that is kept as files that people read. */
export async function exportFolder(folder: string, options: BackupOptions, version: string): Promise<void> {
  const path = resolve(folder);
  const staging = await mkdtemp(join(tmpdir(), 'tidewall-export-'));
  try {
    const file = join(staging, 'backup');
    await pipeline(
      await backupOf({ ...options, withSecret: false }, version),
      createWriteStream(file, { mode: 0o600 }),
    );
    const counts = await exportBackup(file, path);
    const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    process.stderr.write(`${path}: ${told.join(', ')}; secrets are sealed with secret.key, which is not in it\n`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Adds what an export has written to a data folder whose server does not run. */
export async function importFrom(folder: string, options: ImportCommandOptions): Promise<void> {
  const { dataDir, screens } = (await configOf(options)).config;
  const dryRun = options.dryRun === true;
  const done = await importFolder({ folder: resolve(folder), dataDir, screens, dryRun, clock: systemClock, log });
  const signs = { new: '+', changed: '~', same: '=' } as const;
  for (const { name, is } of done.filter((each) => each.is !== 'same')) process.stdout.write(`${signs[is]} ${name}\n`);
  const count = (what: string) => done.filter(({ is }) => is === what).length;
  process.stderr.write(
    `${dryRun ? 'it would be' : dataDir}: ${count('new')} new, ${count('changed')} changed, ${count('same')} as they were\n`,
  );
}

function configOf({ dataDir, config }: { readonly dataDir?: string; readonly config?: string }) {
  const flag = (name: string, value: string): Flag => ({ flag: name, value });
  const flags = {
    ...(dataDir !== undefined && { dataDir: flag('--data-dir', dataDir) }),
    ...(config !== undefined && { config: flag('--config', config) }),
  };
  return loadConfig({ flags, env: process.env, folder: process.cwd() });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
