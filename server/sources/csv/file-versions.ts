import type { Clock } from '@tidewall/base';
import { fileBytes } from '../file-bytes.ts';
import type { CsvVersion } from './csv-version.ts';
import { followFile, hasChanged } from './follow-file.ts';

export interface FileVersionsOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The contents of a file, one after the other. @throws TidewallError source_error when it is not there, or no longer */
export async function* fileVersions(options: FileVersionsOptions): AsyncGenerator<CsvVersion, void> {
  const { path } = options;
  for await (const version of followFile(options)) {
    const { sizeBytes, inode, settled } = version;
    yield {
      name: path,
      sizeBytes,
      settled,
      identity: String(inode),
      // What is appended while it is read does not count.
      bytes: (from) => fileBytes(path, from, sizeBytes),
      hasChanged: () => hasChanged(path, version),
    };
  }
}
