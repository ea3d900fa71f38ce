import { TidewallError, type TopicName, type TopicPattern } from '@tidewall/protocol';

/** @param number the subscription that has these options: for the server they are the same, however they were put */
export function alreadySubscribed(name: TopicName | TopicPattern, number: number): TidewallError {
  const message = `this session follows ${name} already, with the same options`;
  return new TidewallError('already_subscribed', message, { detail: { topic: number } });
}
