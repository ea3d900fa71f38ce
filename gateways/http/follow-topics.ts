import type { Session, SubscribeRequest } from '@tidewall/contracts';
import type { Since, SubscribeReply } from '@tidewall/protocol';
import { encodeReply } from '../native/index.ts';
import { type Cursor, hashOf, writeEntries } from './cursor.ts';

/** Of an epoch that no topic has: what a client held of a topic that its cursor does not name is void. */
const NOWHERE: Since = { epoch: '-', offset: 0 };
/** All that was published since there was nothing. */
const FROM_THE_START = { count: 1_000_000 };

/** What a client is told of its topics before their pushes. */
export interface Followed {
  /** The answers to the subscriptions, a line each, with ids from 1 in the order of the topics. */
  readonly replies: readonly string[];
  /** The numbers of the subscriptions. */
  readonly views: ReadonlySet<number>;
  /** There is news in the answers themselves: some topic does not go on from where the client is. */
  readonly news: boolean;
  /** Where the client is once it has the answers and all that was written; `written` is the newest cursor in that. */
  cursorAfter(written: Cursor): string;
  /** What it would be told if it followed the same again from where its session stands. */
  again(standing: readonly SubscribeReply[]): Followed;
}

export interface FollowOptions {
  readonly wanted: readonly SubscribeRequest[];
  readonly cursor: Cursor | undefined;
  /** The outlet has said that it takes no more: what a topic begins with comes later then. */
  full(): boolean;
  /** The place in `wanted` of the one that is followed first, and so finds room. */
  readonly first?: number;
}

/**
 * Follows every topic, from where the cursor says.
 *
 * @throws TidewallError when the hub refuses one of them
 */
export async function followTopics(
  session: Session,
  { wanted, cursor, full, first = 0 }: FollowOptions,
): Promise<Followed> {
  const begun: Begun[] = wanted.map(() => ({ reply: undefined, later: false }));
  for (let i = 0; i < wanted.length; i++) {
    const at = (first + i) % wanted.length;
    const request = wanted[at] as SubscribeRequest;
    const since = cursor === undefined ? undefined : (cursor.get(hashOf(request.topic)) ?? NOWHERE);
    await session.subscribe(startingAt(request, since), (reply) => {
      begun[at] = begin(reply as SubscribeReply, since, full());
    });
  }
  return asFollowed(begun, wanted, cursor === undefined);
}

function asFollowed(begun: readonly Begun[], wanted: readonly SubscribeRequest[], fromNowhere: boolean): Followed {
  const replies = begun.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
  return {
    replies: replies.map((reply, i) => encodeReply(i + 1, 'subscribe', reply)),
    views: new Set(replies.map(({ topic }) => topic)),
    news: fromNowhere || replies.some(({ recovered, offset }) => !recovered && offset > 0),
    cursorAfter(written) {
      // By its epoch, which no other topic has: one that was asked for by another name is written by its own.
      const byEpoch = new Map([...written.values()].map((since) => [since.epoch, since]));
      const places = begun.flatMap(({ reply, later }, i): [string, Since][] => {
        const place = reply && (byEpoch.get(reply.epoch) ?? (later ? undefined : reply));
        // Without a place it is void for the client, and begins anew.
        return place ? [[hashOf(wanted[i]?.topic ?? ''), place]] : [];
      });
      return writeEntries(places);
    },
    again(standing) {
      const stands = begun.map(({ reply }): Begun => {
        const now = standing.find(({ topic }) => topic === reply?.topic);
        return { reply: now, later: now?.recovered !== true };
      });
      return asFollowed(stands, wanted, false);
    },
  };
}

interface Begun {
  readonly reply: SubscribeReply | undefined;
  /** What it begins with has not been written. */
  readonly later: boolean;
}

function startingAt(request: SubscribeRequest, since: Since | undefined): SubscribeRequest {
  if (since === undefined) return request;
  // A topic to which nothing had been published may have been let go, and have another epoch since: nothing is void.
  return since !== NOWHERE && since.offset === 0 ? { ...request, rewind: FROM_THE_START } : { ...request, since };
}

function begin(reply: SubscribeReply, since: Since | undefined, full: boolean): Begun {
  const fromTheStart = since?.offset === 0 && reply.offset === 0 && reply.epoch === since.epoch;
  const recovered = reply.recovered || fromTheStart;
  return { reply: { ...reply, recovered }, later: full && !recovered };
}
