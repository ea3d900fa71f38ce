import type { SourceDefinition } from '@tidewall/contracts';
import { SqlSource } from '../sql/sql-source.ts';
import { SQLITE_SYNTAX } from '../sql/statement/syntax.ts';
import { type SqliteConfig, sqliteConfigSchema } from './config.ts';
import { SqliteDatabase } from './sqlite-database.ts';

/** What a SQLite file answers to a query. A kind of its own beside `sql`: it reaches files of this machine. */
export const definition: SourceDefinition<SqliteConfig> = {
  kind: 'sqlite',
  configSchema: sqliteConfigSchema,
  secrets: [],
  addresses: [],
  takesParams: true,
  reaches: 'file',
  example: {
    path: 'shop.sqlite',
    query: 'SELECT region, sum(amount) AS amount FROM orders GROUP BY region',
    keyField: 'region',
  },
  create: (config, context) => {
    const { path, maxRows, maxBytes, timeoutMs } = config;
    const limits = { maxRows, maxBytes, timeoutMs };
    const database = new SqliteDatabase({ resolve: () => context.resolveFile(path), limits, clock: context.clock });
    return new SqlSource({ settings: config, context, syntax: SQLITE_SYNTAX, database });
  },
};
