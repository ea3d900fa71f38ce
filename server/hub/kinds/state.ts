import {
  applyMergePatch,
  composeMergePatches,
  createMergePatch,
  equalJson,
  isJsonObject,
  type JsonValue,
  mergeInPlace,
} from '@tidewall/base';
import type { Publication } from '@tidewall/contracts';
import type { Selection } from '../selection.ts';
import { type Change, type Kind, type KindContext, kept, type Projection, refuseOver, type Shape } from './kind.ts';

/** One JSON value. Replacing never parses it; merging follows RFC 7396. */
export function createState({ log, limits }: KindContext): Kind {
  // The value is held as text until a merge needs it parsed, and as a value until somebody needs its text.
  let text: string | undefined;
  let value: JsonValue | undefined;
  // Never below the bytes of the text; found out exactly when it reaches the limit.
  let bytesBound = 0;
  /** Projections remember values, so that a merge must not change one in place any more. */
  let remembered = false;

  function currentText(): string | undefined {
    if (text === undefined && value !== undefined) text = JSON.stringify(value);
    return text;
  }

  function currentValue(): JsonValue | undefined {
    if (value === undefined && text !== undefined) value = JSON.parse(text) as JsonValue;
    return value;
  }

  /** The value as it was, if the kept publications tell; the newest replacement is where to begin. */
  function valueAt(offset: number): JsonValue | undefined {
    let start = offset;
    while (start >= log.first && kept(log, start).op !== 'replace') start--;
    if (start < log.first) return undefined;
    let past = JSON.parse(kept(log, start).json) as JsonValue;
    while (start < offset) past = mergeInPlace(past, JSON.parse(kept(log, ++start).json) as JsonValue);
    return past;
  }

  function replacedSince(from: number): boolean {
    for (let offset = log.head; offset > from; offset--) if (kept(log, offset).op === 'replace') return true;
    return false;
  }

  function whole(from: number, json: string): Change[] {
    return [{ type: 'value', offset: log.head, at: kept(log, log.head).at, n: log.head - from, json, reset: false }];
  }

  function merge(from: number, json: string): Change[] {
    return [{ type: 'merge', offset: log.head, at: kept(log, log.head).at, n: log.head - from, json }];
  }

  function changes(from: number): Change[] {
    const newest = kept(log, log.head);
    if (newest.op === 'replace') return whole(from, currentText() ?? 'null');
    if (log.head - from === 1) return merge(from, newest.json);
    let patch: JsonValue | undefined;
    for (let offset = from + 1; offset <= log.head; offset++) {
      const { op, json } = kept(log, offset);
      if (op === 'replace') return whole(from, currentText() ?? 'null');
      const next = JSON.parse(json) as JsonValue;
      patch = patch === undefined ? next : composeMergePatches(patch, next);
      if (patch === undefined) return whole(from, currentText() ?? 'null');
    }
    return merge(from, JSON.stringify(patch));
  }

  function shownOf(selection: Selection | undefined, held: JsonValue): JsonValue {
    if (selection === undefined) return held;
    return selection.passes(held) ? selection.pick(held) : null;
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
    merged: (patch) => applyMergePatch(currentValue(), patch),
    apply({ op, json }: Publication) {
      if (op === 'merge') {
        const patch = JSON.parse(json) as JsonValue;
        value = remembered ? applyMergePatch(currentValue(), patch) : mergeInPlace(currentValue(), patch);
        text = undefined;
        bytesBound += Buffer.byteLength(json);
      } else this.load?.(json);
    },
    base: currentText,
    load(json) {
      text = json;
      value = undefined;
      bytesBound = Buffer.byteLength(json);
    },
    snapshot: currentText,
    changes,
    shownOf({ op, json }, selection) {
      const data = JSON.parse(json) as JsonValue;
      // Whether what a merge made passes cannot be told from the patch.
      const passes = op === 'merge' ? selection.passesAll : selection.passes(data);
      return passes ? JSON.stringify(selection.pick(data)) : undefined;
    },
    project({ selection, delta }: Shape): Projection {
      if (selection === undefined && !delta) return this;
      remembered = true;
      // What was shown last, so that the next change can be told as the difference.
      let last: { readonly offset: number; readonly held: JsonValue } | undefined;
      return {
        snapshot() {
          if (selection === undefined) return currentText();
          const held = currentValue();
          return held === undefined ? undefined : JSON.stringify(shownOf(selection, held));
        },
        changes(from) {
          const replaced = replacedSince(from);
          if (!replaced && selection === undefined) return changes(from);
          const before = last?.offset === from ? last.held : valueAt(from);
          const held = currentValue() ?? null;
          last = { offset: log.head, held };
          const after = shownOf(selection, held);
          const afterText = () => (selection === undefined ? (currentText() as string) : JSON.stringify(after));
          if (before === undefined || (replaced && !delta)) return whole(from, afterText());
          return difference(from, shownOf(selection, before), after, afterText);
        },
      };
    },
  };

  function difference(from: number, before: JsonValue, after: JsonValue, afterText: () => string): Change[] {
    const patch = createMergePatch(before, after);
    if (patch === undefined || !isJsonObject(patch)) {
      return equalJson(before, after) ? [] : whole(from, afterText());
    }
    if (isJsonObject(before) && Object.keys(patch).length === 0) return [];
    const json = JSON.stringify(patch);
    const all = afterText();
    return json.length < all.length ? merge(from, json) : whole(from, all);
  }
}
