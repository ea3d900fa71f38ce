import type { Brand } from '@tidewall/base';
import { TidewallError } from './error.ts';

/** The checked name of a topic: `plant/line-1/oee`. */
export type TopicName = Brand<string, 'TopicName'>;

export const MAX_TOPIC_NAME_LENGTH = 256;

// Letters, their marks and digits of any script, so that 产线/一号 is a name; no white space, and not `+ # *`, which
// patterns use.
const SEGMENT = /^[\p{L}\p{M}\p{N}._~:@=,$-]+$/u;

/**
 * The topic of that name.
 *
 * @throws TidewallError bad_request naming the value and what is allowed
 */
export function parseTopicName(value: unknown): TopicName {
  if (typeof value !== 'string') throw invalid(value, 'must be a string');
  if (value.length === 0 || value.length > MAX_TOPIC_NAME_LENGTH) {
    throw invalid(value.slice(0, 32), `must have 1 to ${MAX_TOPIC_NAME_LENGTH} characters, has ${value.length}`);
  }
  for (const segment of value.split('/')) {
    if (segment === '') throw invalid(value, 'must not have an empty part (a leading, trailing or double "/")');
    if (segment === '.' || segment === '..') throw invalid(value, 'must not have a part that is "." or ".."');
    if (!SEGMENT.test(segment)) {
      throw invalid(value, `has "${segment}": a part may hold letters, digits and . _ ~ : @ = , $ -`);
    }
  }
  return value as TopicName;
}

function invalid(value: unknown, why: string): TidewallError {
  return new TidewallError('bad_request', `topic name ${JSON.stringify(value)} ${why}`);
}

/** How points are thinned: the largest triangle, the smallest and largest of a bucket, its average, its last. */
export const THINNINGS = ['lttb', 'minmax', 'avg', 'last'] as const;
export type Thinning = (typeof THINNINGS)[number];

/** What a topic is, which decides its operations, its snapshot and how a late subscriber catches up. */
export const KINDS = ['state', 'table', 'series', 'log', 'signal'] as const;
export type TopicKind = (typeof KINDS)[number];

/** What a publication does to its topic. */
export const OPERATIONS = ['replace', 'merge', 'upsert', 'remove', 'append', 'emit'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The operations of each kind; the first is meant when a publisher names none. */
export const OPERATIONS_OF_KIND = {
  state: ['replace', 'merge'],
  table: ['upsert', 'remove', 'replace'],
  series: ['append', 'replace'],
  log: ['append'],
  signal: ['emit'],
} as const satisfies Record<TopicKind, readonly Operation[]>;

/** A place in a topic. Positions of different epochs cannot be compared. */
export interface Position {
  /** Changes whenever the order of the topic is lost. */
  readonly epoch: string;
  /** The number of publications up to here; 0 is before the first. */
  readonly offset: number;
}
