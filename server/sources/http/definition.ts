import type { SourceDefinition } from '@tidewall/contracts';
import { HTTP_ADDRESSES, HTTP_SECRETS } from '../http-fields.ts';
import { type HttpConfig, httpConfigSchema } from './config.ts';
import { HttpSource } from './http-source.ts';
import { pageRequest } from './page-request.ts';

/** The answers of any HTTP server: JSON, CSV, or a line for each row. */
export const definition: SourceDefinition<HttpConfig> = {
  kind: 'http',
  configSchema: httpConfigSchema,
  secrets: HTTP_SECRETS,
  addresses: [...HTTP_ADDRESSES, 'tokenUrl'],
  takesParams: true,
  example: {
    url: 'http://127.0.0.1:8080/api/orders',
    path: 'data.items',
    keyField: 'id',
    intervalMs: 5000,
  },
  create: (config, context) => new HttpSource(config, context),
  pageRequest,
};
