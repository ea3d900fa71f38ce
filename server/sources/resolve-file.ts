import { join, resolve } from 'node:path';
import { TidewallError } from '@tidewall/protocol';
import type { SourceSpec } from './source-spec.ts';

/** Looked up, never joined with anything that could lead out of its folder. */
const FILE_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}._ -]{0,127}$/u;

/** As most file systems have it. */
const MOST_NAME_BYTES = 255;

/** Whether a name is one that an uploaded file may have. */
export function isFileName(name: string): boolean {
  return FILE_NAME.test(name) && !name.includes('..') && Buffer.byteLength(name) <= MOST_NAME_BYTES;
}

/**
 * Where a file is that a source names.
 *
 * @throws TidewallError bad_request when it may only read uploaded files, and this is none
 */
export function resolveFile(
  { baseDir, confined = false }: Pick<SourceSpec, 'baseDir' | 'confined'>,
  path: string,
): string {
  if (!confined) return resolve(baseDir, path);
  if (isFileName(path)) return join(baseDir, path);
  const shown = JSON.stringify(path.slice(0, 100));
  throw new TidewallError(
    'bad_request',
    `${shown} is not the name of an uploaded file, and a source that was made through the API may read no other: ` +
      "upload it (PUT /api/files/<name>), or write the source into the configuration's file",
  );
}
