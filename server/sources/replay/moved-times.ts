import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { TopicKind } from '@tidewall/protocol';

/**
 * Data whose own times are moved: those of points of a series, in rows or columns, and the `t` of an entry of a log.
 * Everything else is as it was.
 */
export function withMovedTimes(kind: TopicKind, data: JsonValue, move: (t: number) => number): JsonValue {
  if (kind === 'log') return isJsonObject(data) ? movedRow(data, move) : data;
  if (kind !== 'series') return data;
  if (Array.isArray(data)) return data.map((row) => (isJsonObject(row) ? movedRow(row, move) : row));
  if (!isJsonObject(data)) return data;
  const times = data['t'];
  if (!Array.isArray(times)) return movedRow(data, move);
  return { ...data, t: times.map((t) => (typeof t === 'number' ? move(t) : t)) };
}

function movedRow(row: JsonObject, move: (t: number) => number): JsonObject {
  const t = row['t'];
  return typeof t === 'number' ? { ...row, t: move(t) } : row;
}
