import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parseJson } from '@tidewall/base';
import { extract } from 'tar-stream';
import { ConfigError } from '../startup-errors.ts';
import { STORE_FILE } from '../store/store-file.ts';
import { type BackupManifest, isEntryName, MANIFEST, manifestSchema } from './backup-format.ts';

const MANIFEST_BYTES = 64 * 1024 * 1024;

/**
 * Writes what is in a backup into an empty folder, and has found every byte to be as it was written.
 *
 * @throws ConfigError naming the file when it is no whole backup
 */
export async function unpackBackup(file: string, folder: string): Promise<BackupManifest> {
  const found = new Map<string, { bytes: number; sha256: string }>();
  const tar = extract();
  const reading = pipeline(createReadStream(file), createGunzip(), tar as unknown as Writable);
  // Its failure is that of the loop.
  reading.catch(() => {});
  let manifest: unknown;
  try {
    for await (const entry of tar) {
      const { name, type } = entry.header;
      if (type !== 'file' || !isEntryName(name) || found.has(name)) throw new Error(`it holds ${JSON.stringify(name)}`);
      if (name === MANIFEST) {
        let text = '';
        for await (const chunk of entry) {
          text += chunk;
          if (text.length > MANIFEST_BYTES) throw new Error(`${MANIFEST} is too large`);
        }
        manifest = parseJson(text);
        continue;
      }
      found.set(name, await writeEntry(entry, join(folder, name)));
    }
    await reading;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new ConfigError(`there is no file ${file}`, { cause });
    if (code === 'ENOSPC') throw new ConfigError(`there is no room to restore ${file}; nothing was changed`, { cause });
    throw notWhole(file, cause instanceof Error ? cause.message : String(cause));
  }
  const { data, error } = manifestSchema.safeParse(manifest);
  if (data === undefined) throw notWhole(file, manifest === undefined ? 'its end is missing' : String(error?.message));
  for (const { name, bytes, sha256 } of data.entries) {
    const there = found.get(name);
    if (there?.bytes !== bytes || there.sha256 !== sha256) throw notWhole(file, `${name} is not as it was written`);
  }
  if (found.size !== data.entries.length) throw notWhole(file, 'it holds more than it says');
  if (!found.has(STORE_FILE)) throw notWhole(file, `it holds no ${STORE_FILE}`);
  return data;
}

async function writeEntry(entry: AsyncIterable<Buffer>, path: string): Promise<{ bytes: number; sha256: string }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const target = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of entry) {
      hash.update(chunk);
      bytes += chunk.length;
      await target.writeFile(chunk);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

function notWhole(file: string, why: string): ConfigError {
  return new ConfigError(`${file} is no whole backup of Tidewall: ${why}; nothing was changed`);
}
