import { systemClock } from '@tidewall/base';
import type { TopicReader } from '@tidewall/browser-contracts';
import { AskedReader, documentSight, watchPolicy } from '@tidewall/requests';
import { fetchPageRequests } from './api.ts';
import { reloadFor } from './reload-for.ts';
import { untilItWorks } from './until-it-works.ts';

/** A server that knows of no such thing is asked again when it is another one. */
const UNKNOWN_RETRY_MS = 600_000;

/**
 * A reader in front of the one of the server, which asks itself for the topics that pages ask for. What these are it learns
 * when the page is loaded, whenever the link to the server comes back, and when the page is seen again.
 */
export function createAskedReader(reader: TopicReader, signal: AbortSignal): TopicReader {
  const policy = watchPolicy(document, (origin) => reloadFor(origin, window));
  const refusals = new Map<string, string>();
  const asked = new AskedReader({
    reader,
    clock: systemClock,
    random: Math.random,
    sight: documentSight(document),
    // Called as a method of something else, it would refuse.
    fetch: (...call) => fetch(...call),
    origin: location.origin,
    wasBlocked: (url) => policy.wasBlocked(url),
    failed: (failure) => reportError(failure),
    refused(topic, reason) {
      if (refusals.get(topic) === reason) return;
      refusals.set(topic, reason);
      console.warn(`${topic}: ${reason}`);
    },
  });
  let learning: AbortController | undefined;
  const learn = () => {
    learning?.abort();
    learning = new AbortController();
    untilItWorks(async (attempt) => asked.use(await fetchPageRequests(attempt)), {
      signal: learning.signal,
      failed() {},
      waitMs: (failure) => ((failure as { status?: number }).status === 404 ? UNKNOWN_RETRY_MS : undefined),
    }).catch(() => {
      // Somebody has begun to learn anew.
    });
  };
  learn();
  let lost = false;
  const unwatch = reader.onStatus(({ type }) => {
    if (type === 'live' && lost) learn();
    lost = type === 'waiting' || (lost && type !== 'live');
  });
  const seen = () => {
    if (!document.hidden) learn();
  };
  document.addEventListener('visibilitychange', seen);
  signal.addEventListener('abort', () => {
    document.removeEventListener('visibilitychange', seen);
    unwatch();
    policy.dispose();
    learning?.abort();
    asked.dispose();
  });
  return asked;
}
