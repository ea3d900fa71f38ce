import type { JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import {
  dataAt,
  decodeAnswer,
  jsonLines,
  type PageRequest,
  type RequestTemplate,
  readJson,
  retryAfterMs,
  statusSentence,
} from '@tidewall/request';

/** What asking needs of the platform. */
export interface Asking {
  readonly fetch: typeof fetch;
  /** The page's own, for sentences. */
  readonly origin: string;
  /** Whether the policy that the page came with has kept it from there. */
  wasBlocked(url: string): Promise<boolean>;
  /** Somebody's callback has thrown. */
  failed(failure: unknown): void;
}

export interface Question {
  readonly template: RequestTemplate;
  readonly request: PageRequest;
  readonly signal: AbortSignal;
  refused(reason: string): void;
}

const ACCEPT: Readonly<Record<PageRequest['format'], string>> = {
  json: 'application/json, */*;q=0.5',
  ndjson: 'application/x-ndjson, application/jsonl, */*;q=0.5',
  text: 'text/plain, */*;q=0.5',
};

/**
 * One answer of the far end, without anything that says who looks at the page.
 *
 * @throws TidewallError source_error in a sentence for people at a screen
 */
export async function ask(asking: Asking, { template, request, signal, refused }: Question): Promise<JsonValue> {
  const { place } = template;
  const { format, path, encoding, maxBytes, maxRows } = request;
  const response = await send(asking, template, request, signal);
  if (!response.ok) throw await failureOf(response, place);
  const bytes = await bytesOf(response, maxBytes, place);
  const contentType = response.headers.get('content-type') ?? undefined;
  const text = decodeAnswer(bytes, contentType, { encoding, place });
  let data: JsonValue = text;
  if (format === 'json') data = dataAt(readJson(text, contentType, place), path, place);
  if (format === 'ndjson') data = [...jsonLines(text, refused)].filter((line) => line !== undefined);
  if (!Array.isArray(data) || data.length <= maxRows) return data;
  throw new TidewallError('source_error', `${place} answers with more than ${maxRows} rows (maxRows)`);
}

async function send(
  { fetch, origin, wasBlocked }: Asking,
  template: RequestTemplate,
  { format }: PageRequest,
  signal: AbortSignal,
): Promise<Response> {
  const { url, method, headers, body } = template.bind();
  const text = body?.type === 'json' ? JSON.stringify(body.value) : body?.value;
  try {
    return await fetch(url, {
      ...{ method, signal, mode: 'cors', credentials: 'omit', referrerPolicy: 'no-referrer' },
      // The browser asks with what it has of the last answer, and nothing comes twice.
      cache: 'no-cache',
      // The policy of the page would stop it at the door of another host, and nobody could tell that from other reasons.
      redirect: 'manual',
      headers: { accept: ACCEPT[format], ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
  } catch (cause) {
    // A browser tells a page no more of this than that it was not to be.
    signal.throwIfAborted();
    const why = await whyNot(url, origin, wasBlocked);
    throw new TidewallError('source_error', `${template.place} cannot be asked by this page: ${why}`, { cause });
  }
}

async function whyNot(url: string, origin: string, wasBlocked: Asking['wasBlocked']): Promise<string> {
  if (await wasBlocked(url))
    return 'it came before it was let there (Content-Security-Policy), and has to be loaded again';
  if (origin.startsWith('https:') && url.startsWith('http:'))
    return 'it came over TLS, and may ask only where https:// is';
  return `blocked by CORS (Access-Control-Allow-Origin must name ${origin}), or unreachable`;
}

async function failureOf(response: Response, place: string): Promise<TidewallError> {
  const { status, headers, type } = response;
  await response.body?.cancel();
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const message = `${place} leads to another address, where no page follows; name the last one itself (url)`;
    return new TidewallError('source_error', message);
  }
  const afterMs = retryAfterMs(headers.get('retry-after') ?? undefined, Date.now()) ?? 0;
  return new TidewallError('source_error', `${place} answers ${status}: ${statusSentence(status)}`, { afterMs });
}

async function bytesOf({ body }: Response, maxBytes: number, place: string): Promise<Uint8Array> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (value === undefined || done) break;
    length += value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw new TidewallError('source_error', `${place} answers with more than ${maxBytes} bytes (maxBytes)`);
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
