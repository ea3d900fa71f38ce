import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import type { PageRequest } from '@tidewall/request';
import type { Screen } from '@tidewall/screen';

/** One screen in the list of the server. */
export interface ScreenRow {
  readonly id: string;
  readonly name: string;
  readonly nameEn?: string;
  readonly description: string;
  readonly descriptionEn?: string;
  readonly width: number;
  readonly height: number;
  readonly elements: number;
}

/** One topic in the list of the server. */
export interface TopicRow {
  readonly topic: string;
  readonly kind: string;
  readonly rateHz: number;
  readonly watchers: number;
  readonly freshness: {
    readonly state: 'quiet' | 'ok' | 'late' | 'stale' | 'failed';
    readonly asOf: number;
    readonly reason?: string;
  };
  readonly source?: string;
}

export interface TopicList {
  /** The server's clock. */
  readonly now: number;
  readonly topics: readonly TopicRow[];
}

/** An answer that takes longer is given up: a link that is half dead would hold a page for minutes. */
export const ANSWER_TIMEOUT_MS = 10_000;

/** The server answered, and said no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The name of the error by the table of codes; empty when it was not the server itself that answered. */
  readonly code: string;
  /** What more the server says of it. */
  readonly detail: JsonObject;

  constructor(status: number, code: string, message: string, detail: JsonObject = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

/**
 * Screens by id. Rejects with ApiError for a refusal, with TypeError when the server cannot be reached, with a
 * DOMException `TimeoutError` when it does not answer, and with the reason of the signal.
 */
export async function fetchScreens(signal: AbortSignal): Promise<readonly ScreenRow[]> {
  const { screens } = (await fetchJson('/api/screens', signal)) as { screens: readonly ScreenRow[] };
  return screens;
}

/**
 * A screen document with its defaults filled in, as the server has checked it. Rejects as `fetchScreens` does.
 *
 * @param token shown in place of the cookie
 */
export async function fetchScreen(id: string, signal: AbortSignal, token?: string): Promise<Screen> {
  return (await fetchJson(`/api/screens/${encodeURIComponent(id)}`, signal, token)) as Screen;
}

/** The topics that there are. Rejects as `fetchScreens` does. */
export async function fetchTopics(signal: AbortSignal): Promise<TopicList> {
  return (await fetchJson('/api/topics', signal)) as TopicList;
}

/** What pages ask by themselves, of those topics that the reader of this page may read. Rejects as `fetchScreens` does. */
export async function fetchPageRequests(signal: AbortSignal): Promise<readonly PageRequest[]> {
  const { requests } = (await fetchJson('/api/page-requests', signal)) as { requests: readonly PageRequest[] };
  return requests;
}

async function fetchJson(path: string, signal: AbortSignal, token?: string): Promise<unknown> {
  signal.throwIfAborted();
  // Not AbortSignal.any, which the browsers of walls are still too old for.
  const attempt = new AbortController();
  const give = () => attempt.abort(signal.reason);
  const timer = setTimeout(() => {
    attempt.abort(new DOMException(`no answer for ${ANSWER_TIMEOUT_MS / 1000} s`, 'TimeoutError'));
  }, ANSWER_TIMEOUT_MS);
  signal.addEventListener('abort', give);
  try {
    const headers = { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const response = await fetch(path, { headers, signal: attempt.signal });
    // Within the time limit too: a body that stops half way is no answer.
    if (response.ok) return await response.json();
    throw await apiErrorOf(response);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', give);
  }
}

/** What the server says in an answer that is no success. */
export async function apiErrorOf(response: Response): Promise<ApiError> {
  const body: JsonValue = await response.json().catch(() => null);
  const error = isJsonObject(body) ? body['error'] : undefined;
  const { name, message, detail } = isJsonObject(error) ? error : {};
  return new ApiError(
    response.status,
    typeof name === 'string' ? name : '',
    typeof message === 'string' ? message : response.statusText,
    isJsonObject(detail) ? detail : {},
  );
}
