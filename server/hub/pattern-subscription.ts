import type { SubscribeRequest } from '@tidewall/contracts';
import type { TopicPattern } from '@tidewall/protocol';
import type { Topic } from './topic.ts';

/** A session's interest in all topics of a pattern, those that there are and those that come. */
export interface PatternSubscription {
  /** The number by which its client names it. */
  readonly number: number;
  readonly pattern: TopicPattern;
  readonly request: SubscribeRequest;
  /** A topic that matches has come to be. */
  found(topic: Topic): void;
}
