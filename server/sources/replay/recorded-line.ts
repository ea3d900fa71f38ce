import { isJsonObject, type JsonValue, parseJson } from '@tidewall/base';
import { KINDS, OPERATIONS, type Operation, type TopicKind } from '@tidewall/protocol';
import { isoTime } from '../wall-time.ts';

/** What happened, and when. */
export interface RecordedLine {
  /** ms since 1970. */
  readonly at: number;
  /** As the recording names it; undefined when it does not. */
  readonly topic: string | undefined;
  readonly kind: TopicKind | undefined;
  readonly op: Operation | undefined;
  readonly data: JsonValue;
}

/**
 * What a line of a recording says: `{"at": …, "topic": …, "kind": …, "op": …, "data": …}`, of which all but time and
 * data may be absent, or an object that is the data itself, with its time as `at` or `t`. Times are ms since 1970 or
 * texts of ISO 8601.
 */
export function readRecordedLine(text: string): RecordedLine | { readonly refused: string } {
  let line: JsonValue;
  try {
    line = parseJson(text);
  } catch (failure) {
    return { refused: `is not JSON (${(failure as Error).message})` };
  }
  if (!isJsonObject(line)) return { refused: 'is no object with a time and data' };
  const at = timeOf(line['at'] ?? line['t']);
  if (at === undefined) return { refused: 'has no time: at, or t, in ms since 1970 or as 2026-03-01T08:00:00Z' };
  if (!Object.hasOwn(line, 'data')) return { at, topic: undefined, kind: undefined, op: undefined, data: line };
  const { topic, kind, op, data } = line;
  if (topic !== undefined && typeof topic !== 'string') return { refused: 'has a topic that is no text' };
  if (kind !== undefined && !isOneOf(KINDS, kind)) return { refused: `has a kind that is none of ${KINDS.join(', ')}` };
  if (op !== undefined && !isOneOf(OPERATIONS, op))
    return { refused: `has an op that is none of ${OPERATIONS.join(', ')}` };
  return { at, topic, kind, op, data: data ?? null };
}

function isOneOf<Word extends string>(words: readonly Word[], value: JsonValue): value is Word {
  return (words as readonly JsonValue[]).includes(value);
}

/** Of columns of a series, which have a list of times, the last one counts. */
function timeOf(value: JsonValue | undefined): number | undefined {
  if (Array.isArray(value)) return timeOf(value.at(-1));
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const time = typeof value === 'string' ? isoTime(value) : undefined;
  return time && time.wallMs - (time.offsetMinutes ?? 0) * 60_000;
}
