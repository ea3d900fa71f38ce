import type { SubscribeRequest } from '@tidewall/contracts';
import { NEEDS_SNAPSHOT } from './subscription.ts';
import type { Topic } from './topic.ts';

/** Where a subscription begins, and whether that leaves nothing out. */
export interface Start {
  /** The offset it pulls from; `NEEDS_SNAPSHOT` when it must be given the whole. */
  readonly offset: number;
  /** True exactly when the epoch of `since` is the topic's and every publication after it is still kept. */
  readonly recovered: boolean;
}

/** Where a subscriber that asks for this begins. */
export function startOf(topic: Topic, request: SubscribeRequest): Start {
  const { log, kind } = topic;
  const { since, rewind } = request;
  if (since) {
    const known = since.epoch === log.epoch && since.offset <= log.head;
    const complete = known && (kind.keeps ? since.offset + 1 >= log.first : since.offset === log.head);
    if (complete) return { offset: since.offset, recovered: true };
    if (!kind.keeps) return { offset: log.head, recovered: false };
    // A log of the same epoch can say which entries are gone and go on with the others.
    if (known && kind.changesPastLoss) return { offset: since.offset, recovered: false };
    return { offset: NEEDS_SNAPSHOT, recovered: false };
  }
  if (!kind.keeps || log.head === 0) return { offset: log.head, recovered: false };
  const incremental = topic.settings.kind === 'series' || topic.settings.kind === 'log';
  if (rewind && incremental) return { offset: rewound(topic, rewind.count ?? 0), recovered: false };
  return { offset: kind.startsWith === 'snapshot' ? NEEDS_SNAPSHOT : log.head, recovered: false };
}

/** The offset before the newest publications that together weigh at least `count`, as far as they are kept. */
function rewound({ log }: Topic, count: number): number {
  let offset = log.head;
  let weight = 0;
  while (weight < count && offset >= log.first) {
    weight += log.at(offset)?.weight ?? 0;
    offset--;
  }
  return offset;
}
