import type { SourceDefinition } from '@tidewall/contracts';
import { type ProcessConfig, processConfigSchema } from './config.ts';
import { ProcessSource } from './process-source.ts';

/** The lines of any program's standard output, while somebody watches. */
export const definition: SourceDefinition<ProcessConfig> = {
  kind: 'process',
  configSchema: processConfigSchema,
  secrets: ['env'],
  addresses: [],
  reaches: 'program',
  example: { command: ['vmstat', '-n', '1'] },
  create: (config, context) => new ProcessSource(config, context),
};
