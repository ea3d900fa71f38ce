import type { SourceDefinition } from '@tidewall/contracts';
import { type ReplayConfig, replayConfigSchema } from './config.ts';
import { ReplaySource } from './replay-source.ts';

/** What was recorded, played again. */
export const definition: SourceDefinition<ReplayConfig> = {
  kind: 'replay',
  configSchema: replayConfigSchema,
  secrets: [],
  addresses: [],
  reaches: 'file',
  example: { path: 'recording.ndjson', speed: 4, loop: true },
  create: (config, context) => new ReplaySource(config, context),
};
