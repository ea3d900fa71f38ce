import type { JsonObject, JsonValue } from '@tidewall/base';
import { parseJson } from '@tidewall/base';
import type { SubscribeRequest } from '@tidewall/contracts';
import { isTopicPattern, TidewallError } from '@tidewall/protocol';
import { parseClientFrame } from '@tidewall/protocol/client-frame';

/*
 * What somebody follows who has nothing but an address: `?topic=a&topic=b&rateHz=2`. The options are those of the
 * command `subscribe` and count for all topics.
 */

/** Reads one option as the field of `subscribe` that it stands for. */
type Reader = (text: string, name: string) => JsonObject;

const OPTIONS: Readonly<Record<string, Reader>> = {
  kind: (text) => ({ kind: text }),
  rateHz: (text, name) => ({ rateHz: numberOf(text, name) }),
  rewind: (text, name) => ({ rewind: { count: numberOf(text, name) } }),
  delta: (text, name) => ({ delta: flagOf(text, name) }),
  filter: (text, name) => ({ filter: jsonOf(text, name) }),
  fields: (text, name) => ({ fields: text.startsWith('[') ? jsonOf(text, name) : text.split(',') }),
};

/**
 * The topics that an address names, with their options, in its order.
 *
 * @param others parameters that the caller reads
 * @throws TidewallError bad_request, naming the parameter
 */
export function followedTopics(query: URLSearchParams, others: readonly string[]): SubscribeRequest[] {
  const known = ['topic', ...Object.keys(OPTIONS), ...others];
  const options: JsonObject = {};
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) {
      throw new TidewallError('bad_request', `${quoted(name)} is not known here; there are ${known.join(', ')}`);
    }
    const texts = query.getAll(name);
    if (name !== 'topic' && texts.length > 1) throw new TidewallError('bad_request', `${name} is there more than once`);
    Object.assign(options, OPTIONS[name]?.(texts[0] ?? '', name));
  }
  return query.getAll('topic').map((topic) => {
    if (isTopicPattern(topic)) {
      const cure = 'name each topic, or follow the pattern in a session (WebSocket, or this path without topic)';
      throw new TidewallError('bad_request', `topic: ${quoted(topic)} is a pattern; ${cure}`);
    }
    const frame = parseClientFrame({ id: 1, subscribe: { ...options, topic } });
    if (frame.type !== 'subscribe') throw new TidewallError('internal', 'a subscribe command was read as another one');
    return frame.body;
  });
}

/**
 * A whole number of an address; undefined when it is not there.
 *
 * @throws TidewallError bad_request when it is none, or outside the range
 */
export function wholeNumberOf(query: URLSearchParams, name: string, least: number, most: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value;
  throw new TidewallError(
    'bad_request',
    `${name} must be a whole number from ${least} to ${most}, got ${quoted(text)}`,
  );
}

function numberOf(text: string, name: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new TidewallError('bad_request', `${name} must be a number, got ${quoted(text)}`);
}

function flagOf(text: string, name: string): boolean {
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  throw new TidewallError('bad_request', `${name} must be 1 or 0, got ${quoted(text)}`);
}

function jsonOf(text: string, name: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    throw new TidewallError('bad_request', `${name} must be JSON, got ${quoted(text)}`);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
