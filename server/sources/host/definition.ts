import type { SourceDefinition } from '@tidewall/contracts';
import { type HostConfig, hostConfigSchema } from './config.ts';
import { HostSource } from './host-source.ts';

/**
 * Real figures of the machine that the server runs on, once a second while somebody watches.
 *
 * On Linux everything comes from `/proc`; elsewhere Node tells what it can, and what it cannot is null: time waiting
 * for disks, caches, swap, traffic, processes (an empty table), and on Windows the load.
 */
export const definition: SourceDefinition<HostConfig> = {
  kind: 'host',
  configSchema: hostConfigSchema,
  secrets: [],
  addresses: [],
  create: (config, context) => new HostSource(config, context),
};
