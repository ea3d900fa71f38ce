import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { OutgoingRequest, OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import type { Dispatcher } from 'undici';
import { asSentence } from './failure-sentence.ts';
import { HttpBody } from './http-body.ts';
import { loadUndici } from './load-undici.ts';
import { within } from './within.ts';

/** How a host comes to be asked: by whoever asks, or because an answer of another one leads there. */
export type Hop = 'asked' | 'led';

export interface HttpClientOptions {
  readonly request: OutgoingRequest;
  /** Whether a host may be reached. */
  check(host: string, hop: Hop): Promise<void>;
  lookupFor(hop: Hop): LookupFunction;
  /** What certificates are checked with when others are trusted beside the system's. */
  authorities(ca: string): SecureContext;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** What one host is told and the next one may know; all else (keys, cookies) is meant for the one alone. */
const FOR_ALL_HOSTS = ['accept', 'accept-encoding', 'accept-language', 'content-type', 'user-agent'];

interface OneRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** One request, with the requests that its answers lead to. */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  async follow(begin: URL): Promise<OutgoingResponse> {
    const { maxRedirects = MAX_REDIRECTS, method = 'GET', headers = {}, body } = this.#options.request;
    let url = begin;
    let next: OneRequest = { method: method.toUpperCase(), headers: lowerCase(headers), body };
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#send(url, next, url.host === begin.host ? 'asked' : 'led');
      const location = headerOf(answer.headers['location']);
      if (!REDIRECTS.includes(answer.statusCode) || location === undefined) return this.#response(url, answer);
      letGo(answer);
      if (redirects >= maxRedirects) {
        throw new TidewallError('source_error', `${begin.host} leads on and on: more than ${maxRedirects} redirects`);
      }
      const to = nextUrl(url, location);
      next = redirected(next, answer.statusCode, url, to);
      url = to;
    }
  }

  async #send(url: URL, { method, headers, body }: OneRequest, hop: Hop): Promise<Dispatcher.ResponseData> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new TidewallError('source_error', `an address must begin with http:// or https://, got ${url.protocol}//`);
    }
    const { check, lookupFor, authorities, request } = this.#options;
    const { timeoutMs = TIMEOUT_MS, ca, insecure = false, signal } = request;
    // Neither the resolver nor what comes before the first byte hears of a signal.
    await within(check(url.hostname, hop), { timeoutMs, host: url.host, signal });
    const { Agent, request: send } = await loadUndici();
    const dispatcher = new Agent({
      connect: {
        lookup: lookupFor(hop),
        timeout: timeoutMs,
        rejectUnauthorized: !insecure,
        ...(ca === undefined ? {} : { secureContext: authorities(ca) }),
      },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      // A connection for each: nobody asks often enough to gain by more, and none outlives its question.
      pipelining: 0,
      connections: 1,
    });
    try {
      return await send(url, {
        method: method as Dispatcher.HttpMethod,
        headers: { 'accept-encoding': 'gzip, deflate, br', 'user-agent': 'tidewall', ...headers },
        dispatcher,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (failure) {
      throw this.#failure(failure, url);
    } finally {
      // It ends with what is under way: the body.
      void dispatcher.close().catch(() => {});
    }
  }

  #response(url: URL, answer: Dispatcher.ResponseData): OutgoingResponse {
    const { maxBytes = MAX_BYTES } = this.#options.request;
    const named = Object.entries(answer.headers).map(([name, value]) => [name, headerOf(value) ?? ''] as const);
    const headers: Readonly<Record<string, string>> = Object.fromEntries(named);
    const body = new HttpBody({
      body: answer.body,
      encoding: headers['content-encoding'],
      maxBytes,
      failure: (cause) => this.#failure(cause, url),
      host: url.host,
    });
    return {
      status: answer.statusCode,
      headers,
      url: url.href,
      body,
      bytes: () => body.bytes(),
      text: async () => new TextDecoder().decode(await body.bytes()),
      discard: () => body.discard(),
    };
  }

  /** Whoever aborts gets his own reason back. */
  #failure(failure: unknown, url: URL): unknown {
    const { signal, timeoutMs = TIMEOUT_MS } = this.#options.request;
    return signal?.aborted ? signal.reason : asSentence(failure, url.host, timeoutMs);
  }
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** An answer that nobody reads keeps its connection open. */
function letGo({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => {});
  body.destroy();
}

function nextUrl(from: URL, location: string): URL {
  try {
    return new URL(location, from);
  } catch {
    throw new TidewallError('source_error', `${from.host} leads to what is no address`);
  }
}

/** What is asked where an answer leads: without what was meant for the host before alone. */
function redirected({ method, headers, body }: OneRequest, status: number, from: URL, to: URL): OneRequest {
  to.username = '';
  to.password = '';
  const becomesGet = (status === 303 && method !== 'HEAD') || (status < 303 && method === 'POST');
  const stays = to.origin === from.origin || isUpgrade(from, to);
  const kept = Object.entries(headers).filter(([name]) => {
    return (stays || FOR_ALL_HOSTS.includes(name)) && !(becomesGet && name.startsWith('content-'));
  });
  if (becomesGet) return { method: 'GET', headers: Object.fromEntries(kept), body: undefined };
  if (!stays && body !== undefined) {
    const where = `${from.host} leads to ${to.origin} with what was sent to it`;
    throw new TidewallError('source_error', `${where}, which is not told to another host; ask that one itself`);
  }
  return { method, headers: Object.fromEntries(kept), body };
}

/** From http to https of the same host, as servers ask for. */
function isUpgrade(from: URL, to: URL): boolean {
  const standard = from.port === '' && to.port === '';
  return from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname && standard;
}
