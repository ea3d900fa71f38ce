import { applyMergePatch, type JsonValue } from '@tidewall/base';
import type { Fold } from './fold.ts';

/** One JSON value, replaced (`d`) or merged (`m`, RFC 7396). Values that were handed out are never changed. */
export function createStateFold(): Fold {
  let value: JsonValue | undefined;
  return {
    apply({ d, m }) {
      if (d !== undefined) value = d;
      else if (m !== undefined) value = applyMergePatch(value, m);
      else return false;
      return true;
    },
    value: () => value,
    clear() {
      value = undefined;
    },
    keep() {},
  };
}
