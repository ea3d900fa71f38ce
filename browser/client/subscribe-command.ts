import { isJsonObject } from '@tidewall/base';
import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { isTopicPattern, type Since, TidewallError } from '@tidewall/protocol';
import type { Answered } from './commands.ts';
import { rewindBody, type Wants } from './wants.ts';

/** Most topics whose positions one subscribe command of a pattern may carry; so many of those that ended are kept. */
export const MAX_POSITIONS = 1_024;

/** What makes a subscription another one: followers for whom this is the same share one. */
export function sharingKey(topic: string, { kind, rateHz, filter, fields, delta, presence }: FollowOptions): string {
  // A topic has one kind, and a pattern finds those of the kind that is asked for.
  return JSON.stringify([topic, rateHz, filter, fields, delta, presence, isTopicPattern(topic) && kind]);
}

/** Where each topic that is held is to go on from; undefined where it is to begin anew. */
export type Positions = readonly (readonly [topic: string, since: Since | undefined])[];

/** The body of the subscribe command to a topic or a pattern. */
export function subscribeBody(
  topic: string,
  { filter, fields, delta, presence }: FollowOptions,
  { kind, rewind, rateHz }: Wants,
  positions: Positions,
): object {
  const known = positions.filter(([, since]) => since !== undefined);
  // From entries, since a topic may be called `__proto__`.
  const from = isTopicPattern(topic)
    ? { positions: known.length > 0 ? Object.fromEntries(known.slice(0, MAX_POSITIONS)) : undefined }
    : { since: known[0]?.[1] };
  return { topic, kind, ...from, rewind: rewind && rewindBody(rewind), rateHz, filter, fields, delta, presence };
}

/** The number of a subscription in an answer. */
export function numberOf(answer: Parameters<Answered>[0]): number | undefined {
  const topic = !(answer instanceof TidewallError) && isJsonObject(answer) ? answer['topic'] : undefined;
  return typeof topic === 'number' ? topic : undefined;
}
