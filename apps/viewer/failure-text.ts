import type { Locale } from '@tidewall/browser-contracts';
import { ApiError } from './api.ts';
import { say } from './words.ts';

/** Why something could not be read from the server, for a reader. */
export function failureText(locale: Locale, failure: unknown): string {
  if (failure instanceof ApiError) {
    const head = say(locale, 'refused', { status: failure.status });
    return failure.message === '' ? head : `${head} · ${say(locale, 'because', { reason: failure.message })}`;
  }
  if (failure instanceof DOMException && failure.name === 'TimeoutError') return say(locale, 'noAnswer');
  // What a browser says of a lost network ("Failed to fetch") tells a reader nothing more.
  if (failure instanceof TypeError) return say(locale, 'unreachable');
  const reason = failure instanceof Error ? failure.message : String(failure);
  return `${say(locale, 'unreadable')} · ${say(locale, 'because', { reason })}`;
}
