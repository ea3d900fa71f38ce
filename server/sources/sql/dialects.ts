import { CLICKHOUSE_SYNTAX, MYSQL_SYNTAX, POSTGRES_SYNTAX, type SqlSyntax } from './statement/syntax.ts';

/** What databases differ in before they are asked. */
export interface Dialect {
  readonly syntax: SqlSyntax;
  readonly port: number;
  readonly portOfTls: number;
}

const MYSQL: Dialect = { syntax: MYSQL_SYNTAX, port: 3306, portOfTls: 3306 };

/** Each kind of database, by the word for it in a configuration, which is also the scheme of its addresses. */
export const DIALECTS = {
  postgres: { syntax: POSTGRES_SYNTAX, port: 5432, portOfTls: 5432 },
  mysql: MYSQL,
  mariadb: MYSQL,
  clickhouse: { syntax: CLICKHOUSE_SYNTAX, port: 8123, portOfTls: 8443 },
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;
