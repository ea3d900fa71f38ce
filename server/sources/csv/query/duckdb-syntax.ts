import { POSTGRES_SYNTAX, type SqlSyntax } from '../../sql/statement/syntax.ts';

/** DuckDB, which reads SQL as PostgreSQL does. */
export const DUCKDB_SYNTAX: SqlSyntax = {
  ...POSTGRES_SYNTAX,
  ownPlaceholders: /^(\?|\$[A-Za-z0-9_])/,
};
