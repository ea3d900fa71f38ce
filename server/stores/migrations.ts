/** One step from a version of the store to the next. */
export interface Migration {
  /** What it does, as a verb. */
  readonly name: string;
  /** In SQL that SQLite and PostgreSQL both understand, one statement each; carried out together or not at all. */
  readonly statements: readonly string[];
}

/**
 * How an empty store becomes one of today, for every kind of store. The version of a store is the number of those that it
 * has been through: one that has been released is never changed, and new ones are added at the end.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'KeepRecords',
    statements: [
      `CREATE TABLE records (
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        place BIGINT NOT NULL,
        value TEXT NOT NULL,
        crc BIGINT NOT NULL,
        PRIMARY KEY (collection, id)
      )`,
      'CREATE UNIQUE INDEX records_by_place ON records (collection, place)',
    ],
  },
  {
    name: 'KeepLogs',
    statements: [
      'CREATE TABLE logs (log TEXT NOT NULL PRIMARY KEY, next BIGINT NOT NULL, bytes BIGINT NOT NULL)',
      `CREATE TABLE entries (
        log TEXT NOT NULL REFERENCES logs (log),
        place BIGINT NOT NULL,
        text TEXT NOT NULL,
        crc BIGINT NOT NULL,
        PRIMARY KEY (log, place)
      )`,
    ],
  },
];
