import type { Sink } from '@tidewall/contracts';
import { OPERATIONS_OF_KIND, TidewallError, type TopicKind, type TopicName } from '@tidewall/protocol';
import type { MessageReading } from './read-message.ts';

/** Publishes what a message says; what does not fit its topic is refused, since the next message may fit. */
export async function publishMessage(
  sink: Pick<Sink, 'publish' | 'refused'>,
  { topic, kind }: { readonly topic: TopicName; readonly kind: TopicKind },
  reading: MessageReading,
  at: number,
): Promise<void> {
  if ('refused' in reading) {
    sink.refused(reading.refused);
    return;
  }
  try {
    if ('gone' in reading) await sink.publish(topic, 'remove', [reading.gone], at);
    else await sink.publish(topic, OPERATIONS_OF_KIND[kind][0], reading.data, at);
  } catch (failure) {
    if (!(failure instanceof TidewallError) || !FAULTS_OF_MESSAGES.includes(failure.kind)) throw failure;
    sink.refused(failure.message);
  }
}

const FAULTS_OF_MESSAGES: readonly string[] = ['shape_mismatch', 'limit_exceeded'];
