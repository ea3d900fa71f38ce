import type { JsonValue } from '@tidewall/base';
import type { TopicLog } from '@tidewall/contracts';
import type { Selection } from '../selection.ts';
import { type Change, kept } from './kind.ts';

/** What is shown of one entry; undefined when it is not. */
export function shownEntry(json: string, selection: Selection | undefined): string | undefined {
  if (selection === undefined) return json;
  const entry = JSON.parse(json) as JsonValue;
  return selection.passes(entry) ? JSON.stringify(selection.pick(entry)) : undefined;
}

/**
 * Each kept publication after `from` that is shown, by itself. One covers those before it that are not shown, so that
 * its receiver sees no gap.
 */
export function entriesAfter(log: TopicLog, from: number, selection: Selection | undefined): Change[] {
  const changes: Change[] = [];
  let covered = from;
  for (let offset = from + 1; offset <= log.head; offset++) {
    const { at, json } = kept(log, offset);
    const shown = shownEntry(json, selection);
    if (shown === undefined) continue;
    changes.push({ type: 'value', offset, at, n: offset - covered, json: shown, reset: false });
    covered = offset;
  }
  return changes;
}
