import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Screen } from '@tidewall/screen';

/** One screen in the list of the server. */
export interface ScreenRow {
  readonly id: string;
  readonly name: string;
  readonly nameEn?: string;
  readonly description: string;
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

/** The server answered, and said no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Screens by id. Rejects with ApiError for a refusal, TypeError when the server cannot be reached. */
export async function fetchScreens(signal?: AbortSignal): Promise<readonly ScreenRow[]> {
  const { screens } = (await fetchJson('/api/screens', signal)) as { screens: readonly ScreenRow[] };
  return screens;
}

/** A screen document with its defaults filled in, as the server has checked it. Rejects as `fetchScreens` does. */
export async function fetchScreen(id: string, signal?: AbortSignal): Promise<Screen> {
  return (await fetchJson(`/api/screens/${encodeURIComponent(id)}`, signal)) as Screen;
}

/** The topics that there are. Rejects as `fetchScreens` does. */
export async function fetchTopics(signal?: AbortSignal): Promise<TopicList> {
  return (await fetchJson('/api/topics', signal)) as TopicList;
}

async function fetchJson(path: string, signal: AbortSignal | undefined): Promise<unknown> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) });
  if (response.ok) return response.json();
  const body: JsonValue = await response.json().catch(() => null);
  const error = isJsonObject(body) ? body['error'] : undefined;
  const message = isJsonObject(error) && typeof error['message'] === 'string' ? error['message'] : response.statusText;
  throw new ApiError(response.status, message);
}
