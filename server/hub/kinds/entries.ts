import type { JsonValue } from '@tidewall/base';
import type { TopicLog } from '@tidewall/contracts';
import type { Selection } from '../selection.ts';
import { type Change, kept } from './kind.ts';

/** Reads the data of an entry. */
export type ParseEntry = (json: string) => JsonValue;

/** What is shown of one entry; undefined when it is not. */
export function shownEntry(json: string, selection: Selection | undefined, parse: ParseEntry): string | undefined {
  if (selection === undefined) return json;
  const entry = parse(json);
  return selection.passes(entry) ? JSON.stringify(selection.pick(entry)) : undefined;
}

/**
 * Each kept publication after `from` that is shown, by itself. One covers those before it that are not shown, so that
 * its receiver sees no gap.
 */
export function entriesAfter(
  log: TopicLog,
  from: number,
  selection: Selection | undefined,
  parse: ParseEntry,
): Change[] {
  const changes: Change[] = [];
  let covered = from;
  for (let offset = from + 1; offset <= log.head; offset++) {
    const { at, json } = kept(log, offset);
    const shown = shownEntry(json, selection, parse);
    if (shown === undefined) continue;
    changes.push({ type: 'value', offset, at, n: offset - covered, json: shown, reset: false });
    covered = offset;
  }
  return changes;
}
