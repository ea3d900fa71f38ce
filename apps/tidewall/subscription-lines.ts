import type { JsonValue } from '@tidewall/base';
import type { Client } from '@tidewall/client';
import { OPERATIONS_OF_KIND, type Operation, type PushFrame } from '@tidewall/protocol';

/** What is held of a topic when a push has been taken in. */
export type Replica = Parameters<Parameters<Client['watch']>[2]>[1];

export interface LineOptions {
  /** The push as it came, instead of what it means. */
  readonly raw: boolean;
  /** Whether each line says its topic, which it must when there are several. */
  readonly named: boolean;
  /** Present: each line says what a source of kind `replay` needs to play it again; the time of pushes that say none. */
  readonly recordedAt?: number;
}

/** What one push adds to the output: a JSON line for each value that it brings. */
export function linesOf(push: PushFrame, replica: Replica, { raw, named, recordedAt }: LineOptions): string[] {
  if (raw) return [JSON.stringify({ topic: replica.topic, ...push })];
  if (recordedAt !== undefined) {
    const { topic, kind } = replica;
    const at = push.at ?? recordedAt;
    return operationsOf(push, replica).map(([op, data]) => JSON.stringify({ at, topic, kind, op, data }));
  }
  return valuesOf(push, replica).map((data) => JSON.stringify(named ? { topic: replica.topic, data } : data));
}

/** What would have to be published for a topic to become what this push makes of it. */
function operationsOf(push: PushFrame, replica: Replica): [Operation, JsonValue][] {
  const { u, x, r } = push;
  const { kind } = replica;
  const values = valuesOf(push, replica);
  switch (kind) {
    case 'table': {
      if (push.d !== undefined) return [['replace', push.d]];
      const removed: [Operation, JsonValue][] = x !== undefined && x.length > 0 ? [['remove', [...x]]] : [];
      return u !== undefined && u.length > 0 ? [...removed, ['upsert', [...u]]] : removed;
    }
    case 'series':
      return values.map((data) => [r === 1 ? 'replace' : 'append', data]);
    case undefined:
      return [];
    default:
      return values.map((data) => [OPERATIONS_OF_KIND[kind][0], data]);
  }
}

function valuesOf(push: PushFrame, replica: Replica): JsonValue[] {
  const { d, m, u, x, gap } = push;
  if (gap !== undefined) return [];
  switch (replica.kind) {
    case 'state':
      return d === undefined && m === undefined ? [] : [(replica.value() ?? null) as JsonValue];
    case 'table':
      if (d !== undefined) return [{ replace: d }];
      return u === undefined && x === undefined ? [] : [{ upsert: [...(u ?? [])], remove: [...(x ?? [])] }];
    case 'log':
      // A new start of a log brings all that is to be seen of it at once.
      return d === undefined ? [] : push.r === 1 && Array.isArray(d) ? d : [d];
    default:
      return d === undefined ? [] : [d];
  }
}
