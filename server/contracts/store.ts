import type { JsonValue } from '@tidewall/base';

/** One thing that is kept. */
export interface StoredRecord {
  /** Of the thing, in its collection; without the character NUL. */
  readonly id: string;
  readonly value: JsonValue;
}

/** What becomes of one record. */
export interface RecordChange {
  readonly collection: string;
  readonly id: string;
  /** Undefined: it is deleted, if it is there. */
  readonly value: JsonValue | undefined;
}

/** One entry of a log. */
export interface StoredEntry {
  /** Rises by one from an entry to the next, and never begins again. */
  readonly place: number;
  readonly text: string;
}

/**
 * Keeps what the server is told: records by collection and id, and logs that only grow at their end. Who uses it reads a
 * collection whole when it starts, works on what it has in memory, and writes each change before it counts.
 *
 * Whatever fails is a TidewallError, after which everything is as it was before: `storage_full` when there is no room,
 * otherwise `internal`. The next call finds a store that works when what was wrong is mended.
 */
export interface Store {
  /** For messages: its file, or its server and database. */
  readonly name: string;
  /** All records of a collection as they are kept, in the order in which they were first written. */
  read(collection: string): Promise<readonly StoredRecord[]>;
  /** Carries out all changes or none. Resolves when they have reached the disk. Calls take effect in their order. */
  write(changes: readonly RecordChange[]): Promise<void>;
  /**
   * Adds entries to the end of a log, all or none, and resolves when they have reached the disk. When the log has more
   * than `keepBytes` then, its oldest entries go.
   */
  append(log: string, texts: readonly string[], keepBytes: number): Promise<void>;
  /** Up to so many entries behind a place, oldest first; 0 is before the first. */
  readLog(log: string, after: number, most: number): Promise<readonly StoredEntry[]>;
  /** Writes everything as it is at one moment to a new file, from which a store opens; others read and write meanwhile. */
  backup(path: string): Promise<void>;
  /** Finishes what was asked for. Nothing may be asked afterwards. */
  close(): Promise<void>;
}
