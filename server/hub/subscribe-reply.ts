import type { SubscribeReply } from '@tidewall/protocol';
import type { Start } from './start-position.ts';
import type { Subscription } from './subscription.ts';

/** What a subscriber is answered, or told of a topic that was found for it, beside the number. */
export function replyOf(
  { topic, view }: Subscription,
  { offset, recovered, rewind }: Start,
): Omit<SubscribeReply, 'topic'> {
  const { settings, log, freshness } = topic;
  return {
    kind: settings.kind,
    ...(settings.kind === 'table' ? { keyField: settings.keyField } : {}),
    epoch: log.epoch,
    offset: offset < 0 || rewind !== undefined ? log.head : offset,
    recovered,
    freshness,
    ...(view.options.presence ? { presence: topic.roster.read() } : {}),
  };
}
