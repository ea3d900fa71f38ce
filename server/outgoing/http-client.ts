import type { LookupFunction } from 'node:net';
import type { OutgoingRequest, OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { Agent, type Dispatcher, request as send } from 'undici';
import { HttpBody } from './http-body.ts';

export interface HttpClientOptions {
  readonly request: OutgoingRequest;
  /** Whether a host may be reached. @param first false: it is where an answer leads */
  check(host: string, first: boolean): Promise<void>;
  lookupFor(first: boolean): LookupFunction;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** What is meant for one host is not told to the next one. */
const FOR_ONE_HOST = ['authorization', 'cookie', 'proxy-authorization'];

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
    const { maxRedirects = MAX_REDIRECTS } = this.#options.request;
    let url = begin;
    let { method = 'GET', headers = {}, body } = this.#options.request;
    for (let redirects = 0; ; redirects++) {
      const sameHost = url.host === begin.host;
      const answer = await this.#send(url, { method, headers, body }, sameHost);
      const location = headerOf(answer.headers['location']);
      if (!REDIRECTS.includes(answer.statusCode) || location === undefined) return this.#response(url, answer);
      await answer.body.dump();
      if (redirects >= maxRedirects) {
        throw new TidewallError('source_error', `${begin.host} leads on and on: more than ${maxRedirects} redirects`);
      }
      const next = nextUrl(url, location);
      if (answer.statusCode === 303 || (answer.statusCode < 303 && method === 'POST')) {
        method = 'GET';
        body = undefined;
      }
      if (next.host !== url.host) headers = withoutSecrets(headers);
      url = next;
    }
  }

  async #send(url: URL, { method, headers, body }: OneRequest, first: boolean): Promise<Dispatcher.ResponseData> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new TidewallError('source_error', `an address must begin with http:// or https://, got ${url.protocol}//`);
    }
    const { check, lookupFor, request } = this.#options;
    const { timeoutMs = TIMEOUT_MS, ca, insecure = false, signal } = request;
    await check(url.hostname, first);
    const dispatcher = new Agent({
      connect: {
        lookup: lookupFor(first),
        timeout: timeoutMs,
        rejectUnauthorized: !insecure,
        ...(ca === undefined ? {} : { ca }),
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
      throw asSentence(failure, url, timeoutMs);
    } finally {
      // It ends with what is under way: the body.
      void dispatcher.close().catch(() => {});
    }
  }

  #response(url: URL, answer: Dispatcher.ResponseData): OutgoingResponse {
    const { maxBytes = MAX_BYTES, timeoutMs = TIMEOUT_MS } = this.#options.request;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers)) headers[name] = headerOf(value) ?? '';
    const body = new HttpBody({
      body: answer.body,
      encoding: headers['content-encoding'],
      maxBytes,
      failure: (cause) => asSentence(cause, url, timeoutMs),
      host: url.host,
    });
    return {
      status: answer.statusCode,
      headers,
      url: url.href,
      body,
      bytes: () => body.bytes(),
      text: async () => new TextDecoder().decode(await body.bytes()),
    };
  }
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function nextUrl(from: URL, location: string): URL {
  try {
    return new URL(location, from);
  } catch {
    throw new TidewallError(
      'source_error',
      `${from.host} leads to ${JSON.stringify(location.slice(0, 100))}, no address`,
    );
  }
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !FOR_ONE_HOST.includes(name.toLowerCase())));
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'it does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name its authority in ca, or set insecure',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not known; name it in ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not known; name it in ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an authority that is not known; name it in ca',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; is it http:// in place of https://?',
  EPROTO: 'it does not speak TLS there; is it http:// in place of https://?',
};
const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];

/** What went wrong, as a sentence that names the host and holds nothing of the address behind it. */
function asSentence(failure: unknown, url: URL, timeoutMs: number): unknown {
  if (failure instanceof TidewallError) return failure;
  const causes = [failure, (failure as { cause?: unknown } | undefined)?.cause];
  for (const cause of causes) if (cause instanceof TidewallError) return cause;
  if (failure instanceof Error && failure.name === 'AbortError') return failure;
  const codes = causes.flatMap((cause) => (cause as NodeJS.ErrnoException | undefined)?.code ?? []);
  const why = codes.some((code) => TIMEOUTS.includes(code))
    ? `it does not answer within ${timeoutMs} ms`
    : (codes.map((code) => SENTENCES[code]).find((known) => known !== undefined) ??
      codes[0] ??
      (failure instanceof Error ? failure.message : String(failure)));
  return new TidewallError('source_error', `${url.host} cannot be asked: ${why}`, { cause: failure });
}
