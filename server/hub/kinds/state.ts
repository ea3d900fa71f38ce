import { applyMergePatch, composeMergePatches, type JsonValue, mergeInPlace } from '@tidewall/base';
import type { Publication } from '@tidewall/contracts';
import { type Change, type Kind, type KindContext, kept, refuseOver } from './kind.ts';

/** One JSON value. Replacing never parses it; merging follows RFC 7396. */
export function createState({ log, limits }: KindContext): Kind {
  // The value is held as text until a merge needs it parsed, and as a value until somebody needs its text.
  let text: string | undefined;
  let value: JsonValue | undefined;
  // Never below the bytes of the text; found out exactly when it reaches the limit.
  let bytesBound = 0;

  function currentText(): string | undefined {
    if (text === undefined && value !== undefined) text = JSON.stringify(value);
    return text;
  }

  function currentValue(): JsonValue | undefined {
    if (value === undefined && text !== undefined) value = JSON.parse(text) as JsonValue;
    return value;
  }

  function whole(at: number, n: number): Change {
    return { type: 'value', offset: log.head, at, n, json: currentText() ?? 'null', reset: false };
  }

  return {
    empty: 'null',
    startsWith: 'snapshot',
    keeps: true,
    admit(op, data, json) {
      const line = json ?? JSON.stringify(data);
      if (op === 'merge' && bytesBound + Buffer.byteLength(line) > limits.publicationBytes) {
        bytesBound = Buffer.byteLength(currentText() ?? '');
        const bytes = Buffer.byteLength(JSON.stringify(applyMergePatch(currentValue(), data)));
        if (bytes > limits.publicationBytes) {
          refuseOver('publicationBytes', `the merged value would have ${bytes} bytes`, limits);
        }
      }
      return { json: line, weight: 1 };
    },
    apply({ op, json }: Publication) {
      if (op === 'merge') {
        value = mergeInPlace(currentValue(), JSON.parse(json) as JsonValue);
        text = undefined;
        bytesBound += Buffer.byteLength(json);
      } else {
        text = json;
        value = undefined;
        bytesBound = Buffer.byteLength(json);
      }
    },
    snapshot: currentText,
    changes(from) {
      const newest = kept(log, log.head);
      const n = log.head - from;
      if (newest.op === 'replace') return [whole(newest.at, n)];
      if (n === 1) return [{ type: 'merge', offset: log.head, at: newest.at, n, json: newest.json }];
      let patch: JsonValue | undefined;
      for (let offset = from + 1; offset <= log.head; offset++) {
        const { op, json } = kept(log, offset);
        if (op === 'replace') return [whole(newest.at, n)];
        const next = JSON.parse(json) as JsonValue;
        patch = patch === undefined ? next : composeMergePatches(patch, next);
        if (patch === undefined) return [whole(newest.at, n)];
      }
      return [{ type: 'merge', offset: log.head, at: newest.at, n, json: JSON.stringify(patch) }];
    },
  };
}
