/** What the server keeps of what it is told: a record a thing, by its id. Names are for ever, as those of files are. */
export const COLLECTIONS = {
  keys: 'keys',
  keyUses: 'key-uses',
  sources: 'sources',
  /** One record, since what is said of topics counts by its order. */
  topics: 'topics',
  users: 'users',
  sessions: 'sessions',
  shares: 'shares',
} as const;

/** The record of `topics`. */
export const TOPIC_SETTINGS = 'settings';

/** The log of the audit. */
export const AUDIT_LOG = 'audit';
