import type { Rewind, SubscribeRequest } from '@tidewall/contracts';
import { NEEDS_SNAPSHOT } from './place.ts';
import type { Topic } from './topic.ts';

/** Where a subscription begins, and whether that leaves nothing out. */
export interface Start {
  /** The offset it pulls from; `NEEDS_SNAPSHOT` when it must be given the whole. */
  readonly offset: number;
  /** True exactly when the epoch of `since` is the topic's and every publication after it is still kept. */
  readonly recovered: boolean;
  /** The whole that it is given is this part of it. */
  readonly rewind?: Rewind;
  /** It has followed since before the topic began, so that it has missed nothing, not even a signal. */
  readonly live?: boolean;
}

/** Where a subscriber that asks for this begins. */
export function startOf(
  topic: Topic,
  { since, rewind, whole: always }: Pick<SubscribeRequest, 'since' | 'rewind' | 'whole'>,
): Start {
  const { log, kind } = topic;
  if (since) {
    const known = since.epoch === log.epoch && since.offset <= log.head;
    const complete = known && (kind.keeps ? since.offset + 1 >= log.first : since.offset === log.head);
    if (complete) return { offset: since.offset, recovered: true };
    if (!kind.keeps) return { offset: log.head, recovered: false };
    // A log of the same epoch can say which entries are gone and go on with the others.
    if (known && kind.changesPastLoss) return { offset: since.offset, recovered: false };
    return whole(topic, rewind);
  }
  if (!kind.keeps || log.head === 0) return { offset: log.head, recovered: false };
  if (rewind && kind.backfill && (rewind.ms !== undefined || rewind.points !== undefined)) return whole(topic, rewind);
  if (rewind && (kind.backfill || kind.startsWith === 'head')) {
    return { offset: rewound(topic, rewind), recovered: false };
  }
  const snapshot = kind.startsWith === 'snapshot' || always === 'kept';
  return { offset: snapshot ? NEEDS_SNAPSHOT : log.head, recovered: false };
}

/** The whole, or of a kind that can, the part that was asked for. */
function whole({ kind }: Topic, rewind: Rewind | undefined): Start {
  const start = { offset: NEEDS_SNAPSHOT, recovered: false };
  return rewind && kind.backfill ? { ...start, rewind } : start;
}

/**
 * The offset before the newest publications that together weigh at least `count` and are no older than `ms`, as far as
 * they are kept.
 */
function rewound(topic: Topic, { count = Number.POSITIVE_INFINITY, ms }: Rewind): number {
  const { log } = topic;
  const oldest = ms === undefined ? Number.NEGATIVE_INFINITY : topic.now() - ms;
  let offset = log.head;
  let weight = 0;
  while (weight < count && offset >= log.first) {
    const publication = log.at(offset);
    if (publication === undefined || publication.at < oldest) break;
    weight += publication.weight;
    offset--;
  }
  return offset;
}
