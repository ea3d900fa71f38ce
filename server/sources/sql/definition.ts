import type { SourceContext, SourceDefinition } from '@tidewall/contracts';
import { TLS_ADDRESSES } from '../tls-fields.ts';
import { ClickhouseDatabase } from './clickhouse/clickhouse-connection.ts';
import { type SqlConfig, sqlConfigSchema } from './config.ts';
import { DIALECTS, type DialectName } from './dialects.ts';
import { MysqlDatabase } from './mysql/mysql-database.ts';
import { PostgresDatabase } from './postgres/postgres-database.ts';
import { dialectOf, readAddress } from './read-address.ts';
import type { SqlDatabase } from './sql-connection.ts';
import { SqlSource } from './sql-source.ts';

/** What a database answers to a query, asked once however many watch. */
export const definition: SourceDefinition<SqlConfig> = {
  kind: 'sql',
  configSchema: sqlConfigSchema,
  secrets: ['url', 'password', 'key'],
  addresses: ['url', 'host', 'port', 'tls', ...TLS_ADDRESSES],
  takesParams: true,
  example: {
    url: 'postgres://reader:password@localhost:5432/shop',
    query: 'SELECT region, sum(amount) AS amount FROM orders GROUP BY region',
    keyField: 'region',
  },
  create: (config, context) => {
    const dialect = dialectOf(config) ?? 'postgres';
    const { syntax } = DIALECTS[dialect];
    return new SqlSource({ settings: config, context, syntax, database: databaseOf(dialect, config, context) });
  },
};

function databaseOf(dialect: DialectName, config: SqlConfig, { outgoing }: SourceContext): SqlDatabase {
  const { maxRows, maxBytes, timeoutMs, timezone: zone, allowSuperuser } = config;
  const limits = { maxRows, maxBytes, timeoutMs };
  const shared = { address: readAddress(config), limits, zone, allowSuperuser, outgoing };
  switch (dialect) {
    case 'postgres':
      return new PostgresDatabase(shared);
    case 'mysql':
      return new MysqlDatabase({ ...shared, name: 'MySQL' });
    case 'mariadb':
      return new MysqlDatabase({ ...shared, name: 'MariaDB' });
    case 'clickhouse':
      return new ClickhouseDatabase(shared);
  }
}
