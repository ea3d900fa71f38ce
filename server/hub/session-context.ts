import type { Access, SubscribeRequest } from '@tidewall/contracts';
import type { Limits, TopicName, TopicPattern } from '@tidewall/protocol';
import type { Cohorts } from './cohort.ts';
import type { PatternSubscription } from './pattern-subscription.ts';
import type { Topic } from './topic.ts';
import type { View } from './view.ts';

/** What a session needs of its hub. */
export interface SessionContext<One> {
  readonly limits: Limits;
  readonly access: Access;
  readonly cohorts: Cohorts;
  monotonic(): number;
  openTopic(name: TopicName, kind: SubscribeRequest['kind']): Promise<Topic>;
  /** The topics that exist, match the pattern and pass. */
  matching(pattern: TopicPattern, passes: (topic: Topic) => boolean): Iterable<Topic>;
  nextNumber(): number;
  /** Tells a pattern of the topics that come to be, or not any more. */
  listen(pattern: PatternSubscription): void;
  unlisten(pattern: PatternSubscription): void;
  /** Nobody needs this topic any more, perhaps. */
  unwatched(topic: Topic): void;
  /** Takes part in flushes by itself, or not any more. */
  alone(session: One, alone: boolean): void;
  /** Stopped or went on taking frames, or is gone. */
  stalled(session: One): void;
  unstalled(session: One): void;
  ended(session: One): void;
  /** A frame could not be made. */
  failed(failure: unknown, view: View): void;
}
