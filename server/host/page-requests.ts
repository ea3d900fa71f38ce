import type { JsonObject } from '@tidewall/base';
import { PAGE_REQUEST_LIMITS } from '@tidewall/request';
import type { ListedSource } from './sources/source-store.ts';

/** What pages ask by themselves, as far as somebody may know it. */
export interface PageRequestList {
  /** By the names of their sources; nothing else of these is in it. */
  readonly requests: readonly JsonObject[];
  /** Sources beyond the most that a page is told of. */
  readonly leftOut: number;
}

/** @param mayRead whether whoever asks may read that topic: sources of others are not told of */
export function pageRequestsOf(
  sources: readonly Pick<ListedSource, 'name' | 'topics' | 'pageRequest'>[],
  mayRead: (topic: string) => boolean,
): PageRequestList {
  const all = sources.flatMap(({ name, topics, pageRequest }) => {
    if (pageRequest === undefined) return [];
    const seen = topics.filter(mayRead);
    return seen.length === 0 ? [] : [{ ...pageRequest, name, topics: seen }];
  });
  const requests = all.slice(0, PAGE_REQUEST_LIMITS.sources);
  return { requests, leftOut: all.length - requests.length };
}

/** The origins that pages must be let to for these, each once. */
export function originsOf({ requests }: PageRequestList): readonly string[] {
  return [...new Set(requests.map(({ url }) => new URL(String(url)).origin))];
}
