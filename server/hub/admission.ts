import { toJsonLine } from '@tidewall/base';
import type { Draft, PublishRequest } from '@tidewall/contracts';
import { OPERATIONS_OF_KIND, type Operation, TidewallError } from '@tidewall/protocol';
import { refuseShape } from './kinds/index.ts';
import type { Topic } from './topic.ts';
import { unsayableNumber } from './unsayable-number.ts';

/**
 * A publication that the topic takes, ready for the broker.
 *
 * @throws TidewallError wrong_kind, shape_mismatch, limit_exceeded
 */
export function admit(topic: Topic, request: PublishRequest, maxBytes: number, nowMs: number): Draft {
  const { kind, fits } = topic.settings;
  const known: readonly Operation[] = OPERATIONS_OF_KIND[kind];
  const op = request.op ?? OPERATIONS_OF_KIND[kind][0];
  if (!known.includes(op)) {
    throw new TidewallError('wrong_kind', `${topic.name} is a ${kind}, which takes ${known.join(', ')}, not ${op}`, {
      detail: { kind, operations: [...known] },
    });
  }
  const path = unsayableNumber(request.data);
  if (path !== undefined) {
    refuseShape({ path, expected: 'a number that a double can hold', got: 'one that is too large', example: 1.5 });
  }
  // A publisher whose clock is ahead has seen it now: nothing may look younger than it is.
  const at = Math.min(request.at ?? nowMs, nowMs);
  // Wires are separated by lines, so that a line break within a text would be two frames.
  const line = request.json === undefined ? undefined : toJsonLine(request.json, request.data);
  const { json, weight } = topic.kind.admit(op, request.data, line, at);
  // After the kind: what a merge makes is looked at whole, and is known to be of a size that can be.
  const mismatch = fits?.(op, (op === 'merge' ? topic.kind.merged?.(request.data) : undefined) ?? request.data);
  if (mismatch) refuseShape(mismatch);
  // A UTF-16 unit is at most three bytes, so nearly every publication is known to fit without counting.
  if (json.length * 3 > maxBytes && Buffer.byteLength(json) > maxBytes) {
    throw new TidewallError('limit_exceeded', `a publication may have ${maxBytes} bytes of JSON, this one is larger`, {
      detail: { limit: 'publicationBytes', maxBytes },
    });
  }
  const { key } = request;
  return key === undefined ? { op, json, weight, at } : { op, json, weight, at, key };
}
