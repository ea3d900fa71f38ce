/** Errors of the protocol that a reader meets (https://kafka.apache.org/protocol#protocol_error_codes). */
export const KAFKA_ERRORS = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  brokerNotAvailable: 8,
  replicaNotAvailable: 9,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
} as const;

const WORDS: Readonly<Record<number, string>> = {
  [-1]: 'it does not know why',
  1: 'the place that was read to is not kept any more',
  2: 'it has a message that is damaged',
  3: 'there is no such topic, or this user may not know of it',
  5: 'nobody leads it now',
  6: 'somebody else leads it now',
  7: 'it took too long',
  8: 'a broker of it is away',
  9: 'a copy of it is away',
  13: 'it cannot reach the others',
  17: 'that is no name of a topic',
  29: 'this user may not read it',
  30: 'this user may not read it',
  31: 'this user may not use this cluster',
  33: 'it does not take this sasl.mechanism',
  34: 'it was not asked in the right order',
  35: 'it does not know our version of the protocol',
  54: 'its controller is another one',
  56: 'its disk fails',
  58: 'sasl.username or sasl.password is wrong',
  74: 'somebody else leads it now',
  75: 'somebody else leads it now',
  100: 'there is no such topic any more',
};

/** What an error means, in words for those who look at the screen. */
export function wordsOfKafkaError(code: number): string {
  return WORDS[code] ?? `its error is number ${code}`;
}

/** Whether asking who leads it now may be all that is needed. */
export function isMoved(code: number): boolean {
  const { leaderNotAvailable, notLeader, brokerNotAvailable, replicaNotAvailable } = KAFKA_ERRORS;
  const { fencedLeaderEpoch, unknownLeaderEpoch } = KAFKA_ERRORS;
  const moved: readonly number[] = [
    ...[leaderNotAvailable, notLeader, brokerNotAvailable, replicaNotAvailable],
    ...[fencedLeaderEpoch, unknownLeaderEpoch],
  ];
  return moved.includes(code);
}
