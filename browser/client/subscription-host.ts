import type { Clock } from '@tidewall/base';
import type { Answered } from './commands.ts';
import type { HeldTopic, HeldTopicContext } from './held-topic.ts';

/** What a subscription needs of the client; `One` is a subscription. */
export interface SubscriptionHost<One> extends HeldTopicContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly unattended: boolean;
  /** Most pushes a second, whatever followers want. */
  mostHz: number | undefined;
  /** Whether commands can be sent. */
  isUp(): boolean;
  /** Books one command; 0 when it may go now. */
  bookMs(): number;
  post(name: 'subscribe' | 'unsubscribe' | 'configure', body: object, answered: Answered): void;
  /** From now on, pushes with this number are for what is held of this topic. */
  route(view: number, held: HeldTopic): void;
  unroute(held: HeldTopic): void;
  /** The other subscriptions to its topic. */
  others(subscription: One): readonly One[];
  /** Followers are to be told when the received frame is through. */
  dirty(held: HeldTopic): void;
  /** Nobody follows it any more, and the server has been told. */
  forget(subscription: One): void;
  /** The server contradicts itself in a way that only a new session mends. */
  fault(reason: string): void;
  failed(failure: unknown): void;
}
