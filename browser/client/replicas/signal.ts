import type { JsonValue } from '@tidewall/base';
import type { Fold } from './fold.ts';

/** The last thing a signal said. */
export function createSignalFold(): Fold {
  let value: JsonValue | undefined;
  return {
    apply({ d }) {
      if (d === undefined) return false;
      value = d;
      return true;
    },
    value: () => value,
    clear() {
      value = undefined;
    },
    keep() {},
  };
}
