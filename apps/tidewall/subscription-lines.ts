import type { JsonValue } from '@tidewall/base';
import type { Client } from '@tidewall/client';
import type { PushFrame } from '@tidewall/protocol';

/** What is held of a topic when a push has been taken in. */
export type Replica = Parameters<Parameters<Client['watch']>[2]>[1];

export interface LineOptions {
  /** The push as it came, instead of what it means. */
  readonly raw: boolean;
  /** Whether each line says its topic, which it must when there are several. */
  readonly named: boolean;
}

/** What one push adds to the output: a JSON line for each value that it brings. */
export function linesOf(push: PushFrame, replica: Replica, { raw, named }: LineOptions): string[] {
  if (raw) return [JSON.stringify({ topic: replica.topic, ...push })];
  return valuesOf(push, replica).map((data) => JSON.stringify(named ? { topic: replica.topic, data } : data));
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
