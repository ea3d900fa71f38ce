import { TidewallError } from '@tidewall/protocol';
import { type CsvConfig, mostBytes } from './config.ts';
import type { CsvVersion } from './csv-version.ts';

/** @throws TidewallError source_error when a file has more bytes than are read */
export function refuseLarge({ name, sizeBytes = 0 }: CsvVersion, config: CsvConfig): void {
  const most = mostBytes(config);
  if (sizeBytes <= most) return;
  throw new TidewallError('source_error', `${name} has ${sizeBytes} bytes, at most ${most} are read (maxBytes)`);
}
