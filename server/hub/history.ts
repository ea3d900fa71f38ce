import type { HistoryRequest } from '@tidewall/contracts';
import { type HistoryPage, TidewallError } from '@tidewall/protocol';
import type { Selection } from './selection.ts';
import type { Topic } from './topic.ts';

/**
 * The publications after `since` (all that are kept when absent), oldest first; with `reverse` those before `since`,
 * newest first. What the selection hides is left out. A page ends before it grows over either limit, but has at least one entry when there is one.
 *
 * @throws TidewallError unrecoverable_position rather than leave something out
 */
export function readHistory(
  topic: Topic,
  request: HistoryRequest,
  selection: Selection | undefined,
  { maxEntries, maxBytes }: { readonly maxEntries: number; readonly maxBytes: number },
): HistoryPage {
  const { log, settings, kind } = topic;
  const { since, reverse = false } = request;
  const limit = Math.min(request.limit ?? maxEntries, maxEntries);
  if (since && (since.epoch !== log.epoch || since.offset > log.head || since.offset < log.first - 1)) {
    throw new TidewallError(
      'unrecoverable_position',
      `${topic.name} keeps ${log.epoch}:${log.first - 1} to ${log.head}; ${since.epoch}:${since.offset} is not there`,
      { detail: { epoch: log.epoch, first: log.first, head: log.head } },
    );
  }
  const entries: HistoryPage['entries'][number][] = [];
  const step = reverse ? -1 : 1;
  let offset = reverse ? (since?.offset ?? log.head + 1) - 1 : (since?.offset ?? log.first - 1) + 1;
  let bytes = 0;
  while (kind.keeps && entries.length < limit) {
    const publication = log.at(offset);
    if (!publication) break;
    const { at, op } = publication;
    const json = selection ? kind.shownOf(publication, selection) : publication.json;
    if (json !== undefined) {
      bytes += json.length;
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push({ o: offset, at, op, json });
    }
    offset += step;
  }
  const more = kind.keeps && log.at(offset) !== undefined;
  return { epoch: log.epoch, offset: log.head, kind: settings.kind, entries, more };
}
