/** Every bound of the hub and of the native wire. All are settings; these are the defaults. */
export interface Limits {
  /** Largest frame, in and out, in bytes. */
  readonly frameBytes: number;
  /** Largest data of one publication, in bytes of JSON. */
  readonly publicationBytes: number;
  readonly subscriptionsPerSession: number;
  /** Commands a session may send in a second, averaged, and at once. */
  readonly commandsPerSecond: number;
  readonly commandBurst: number;
  /** A session that has sent no connect command by then is closed with 4502. */
  readonly connectTimeoutMs: number;
  /** A client that has nothing to say pings this often. */
  readonly pingMs: number;
  /** A session from which nothing came for this long is closed with 4012. */
  readonly deadMs: number;
  /** A session whose unsent bytes exceed this stops pulling until they have drained. */
  readonly highWaterBytes: number;
  /** A session that reads nothing at all for this long is closed with 4008. */
  readonly noProgressMs: number;
  readonly sessions: number;
  readonly topics: number;
  /** Rows of one `table`, and the length of their JSON together. */
  readonly tableRows: number;
  readonly tableBytes: number;
  /** Columns of one `series`, `t` included. */
  readonly seriesColumns: number;
  /** Entries in one `history` reply; more are fetched page by page. */
  readonly historyEntries: number;
  /** At most one write a session in this window; the first after quiet goes out at once. */
  readonly flushWindowMs: number;
  /** Views of one topic: sets of options, each of which costs an encoding of its own. */
  readonly viewsPerTopic: number;
  /** Patterns a session may follow; the topics that they find count as its subscriptions. */
  readonly patternsPerSession: number;
  /** Up to so many who follow a topic are listed one by one; of more, only the number is told. */
  readonly presenceMembers: number;
  /** Keys of publications remembered for each topic, so that one that comes again is known. */
  readonly publicationKeys: number;
  /** Frames larger than this are compressed where the client takes it; 0: none are. */
  readonly compressBytes: number;
  /** How long a source goes on after its last watcher left. */
  readonly lingerMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  frameBytes: 1024 * 1024,
  publicationBytes: 256 * 1024,
  subscriptionsPerSession: 256,
  commandsPerSecond: 50,
  commandBurst: 100,
  connectTimeoutMs: 10_000,
  pingMs: 25_000,
  deadMs: 60_000,
  highWaterBytes: 64 * 1024,
  noProgressMs: 30_000,
  sessions: 10_000,
  topics: 10_000,
  tableRows: 100_000,
  tableBytes: 8 * 1024 * 1024,
  seriesColumns: 256,
  historyEntries: 300,
  flushWindowMs: 8,
  viewsPerTopic: 1000,
  patternsPerSession: 16,
  presenceMembers: 256,
  publicationKeys: 1000,
  compressBytes: 1024,
  lingerMs: 10_000,
};
