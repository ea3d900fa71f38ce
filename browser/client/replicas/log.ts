import type { JsonValue } from '@tidewall/base';
import type { Fold } from './fold.ts';

/** The newest entries, oldest first. */
export function createLogFold(keepCount: number): Fold {
  let entries: JsonValue[] = [];
  let kept = keepCount;

  function trim(): void {
    if (entries.length > kept) entries.splice(0, entries.length - kept);
  }

  return {
    apply({ d }, reset) {
      if (d === undefined) return false;
      if (reset) {
        if (!Array.isArray(d)) return false;
        entries = d.slice(-kept);
        return true;
      }
      entries.push(d);
      // Trimming at each entry would move the whole list each time; a reader trims what is left.
      if (entries.length > kept * 2) trim();
      return true;
    },
    value() {
      trim();
      return entries;
    },
    clear() {
      entries = [];
    },
    keep(count) {
      kept = count;
    },
  };
}
