import type { SourceDefinition } from '@tidewall/contracts';
import { HTTP_ADDRESSES } from '../http-fields.ts';
import { type CsvConfig, csvConfigSchema } from './config.ts';
import { CsvSource } from './csv-source.ts';

/** A CSV file as a topic: of this machine, followed when it changes, or of another one, asked for again and again. */
export const definition: SourceDefinition<CsvConfig> = {
  kind: 'csv',
  configSchema: csvConfigSchema,
  secrets: ['password', 'token', 'secret', 'secretHeaders'],
  addresses: HTTP_ADDRESSES,
  takesParams: true,
  reaches: 'file',
  example: { path: 'stock.csv', keyField: 'product' },
  create: (config, context) => new CsvSource(config, context),
};
