import { join } from 'node:path';
import type { Clock } from '@tidewall/base';
import { FolderTaken, JournalRefused, openJournalBroker } from '@tidewall/brokers/journal';
import { createMemoryBroker } from '@tidewall/brokers/memory';
import type { Broker, Log, Meter } from '@tidewall/contracts';
import type { Config } from './config.ts';
import { StartError } from './startup-errors.ts';

export interface BrokerContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** A number in [0, 1). */
  random(): number;
}

/**
 * The broker that is configured. The journal is in `journal` in the data folder.
 *
 * @throws StartError when another process has that folder, or it cannot be read
 */
export async function openBroker(config: Config, context: BrokerContext): Promise<Broker> {
  if (config.broker === 'memory') return createMemoryBroker(context);
  const folder = join(config.dataDir, 'journal');
  try {
    return await openJournalBroker({ ...config.journal, ...context, folder });
  } catch (cause) {
    if (cause instanceof FolderTaken || cause instanceof JournalRefused) throw new StartError(cause.message, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    const cure = 'use --data-dir or TIDEWALL_DATA_DIR, or --broker memory';
    throw new StartError(`the journal in ${folder} cannot be opened (${code}); ${cure}`, { cause });
  }
}
