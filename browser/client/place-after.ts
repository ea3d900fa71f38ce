import type { TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { PushFrame, Since } from '@tidewall/protocol';

/**
 * Where one is who has been told this push: what a page saves, to go on from with `since`. The replica may be further, since
 * others follow it too. Undefined where there is nothing to go on from.
 */
export function placeAfter({ o, gap }: PushFrame, { position }: Pick<TopicReplica, 'position'>): Since | undefined {
  const offset = gap?.to ?? o;
  return position && offset !== undefined ? { epoch: position.epoch, offset } : undefined;
}
