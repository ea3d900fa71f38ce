import type { SourceDefinition } from '@tidewall/contracts';
import { type CsvConfig, csvConfigSchema } from './config.ts';
import { CsvSource } from './csv-source.ts';

/** A CSV file as a topic of kind `table`, followed when it changes. */
export const definition: SourceDefinition<CsvConfig> = {
  kind: 'csv',
  configSchema: csvConfigSchema,
  secrets: [],
  reaches: 'file',
  example: { path: 'orders.csv', keyField: 'id' },
  create: (config, context) => new CsvSource(config, context),
};
