import type { OutgoingRequest, OutgoingResponse, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { credentialsOf, secretsOf, withoutSecrets } from '../http-credentials.ts';
import { type CsvConfig, mostBytes } from './config.ts';
import type { CsvVersion } from './csv-version.ts';
import { ENCODINGS, type Encoding } from './decode-text.ts';

export interface UrlFileOptions {
  readonly url: string;
  readonly config: CsvConfig;
  readonly outgoing: SourceContext['outgoing'];
}

/** A file at an address. It is asked for anew each time, and fetched only when it is not what it was. */
export class UrlFile {
  readonly #options: UrlFileOptions;
  /** What the server called the content that was taken last. */
  #validators: Readonly<Record<string, string>> = {};

  constructor(options: UrlFileOptions) {
    this.#options = options;
  }

  /**
   * The content of now; undefined when it is still the one that was taken. It counts as taken when `taken` is called.
   *
   * @throws TidewallError source_error naming the host and what it answers in place of a file
   */
  async ask(signal: AbortSignal): Promise<{ readonly version: CsvVersion; taken(): void } | undefined> {
    const response = await this.#request(this.#validators, signal);
    if (response.status === 304) {
      await response.bytes();
      return undefined;
    }
    const { host } = new URL(this.#options.url);
    const { etag, 'last-modified': modified } = response.headers;
    let first: OutgoingResponse | undefined = response;
    const version: CsvVersion = {
      name: `the file of ${host}`,
      sizeBytes: undefined,
      identity: etag,
      settled: true,
      encoding: charsetOf(response.headers['content-type']),
      bytes: (from) => {
        const begun = first;
        first = undefined;
        return this.#bytes(begun, from, signal);
      },
      hasChanged: async () => false,
    };
    const taken = () => {
      this.#validators = {
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(modified === undefined ? {} : { 'if-modified-since': modified }),
      };
    };
    return { version, taken };
  }

  async *#bytes(
    begun: OutgoingResponse | undefined,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    const response = begun ?? (await this.#request({}, signal));
    let left = from;
    for await (const chunk of response.body) {
      const behind = chunk.subarray(left);
      left = Math.max(0, left - chunk.length);
      if (behind.length > 0) yield behind;
    }
  }

  async #request(validators: Readonly<Record<string, string>>, signal: AbortSignal): Promise<OutgoingResponse> {
    const { url, config, outgoing } = this.#options;
    const { headers, secretHeaders, auth, timeoutMs, ca, insecure } = config;
    const credentials = credentialsOf(auth);
    const address = new URL(url);
    for (const [name, value] of Object.entries(credentials.query)) address.searchParams.set(name, value);
    const request: OutgoingRequest = {
      headers: {
        accept: 'text/csv, text/plain, */*;q=0.5',
        ...headers,
        ...validators,
        ...credentials.headers,
        ...secretHeaders,
      },
      signal,
      timeoutMs,
      maxBytes: mostBytes(config),
      ...(ca === undefined ? {} : { ca }),
      insecure,
    };
    let response: OutgoingResponse;
    try {
      response = await outgoing.request(address, request);
    } catch (failure) {
      throw this.#without(failure);
    }
    const fault = faultOf(response);
    if (fault === undefined) return response;
    // Its connection ends with the body.
    for await (const _ of response.body) break;
    throw new TidewallError('source_error', `${address.host} answers ${fault}`);
  }

  #without(failure: unknown): unknown {
    if (!(failure instanceof TidewallError)) return failure;
    const sentence = withoutSecrets(failure.message, secretsOf(this.#options.config));
    return sentence === failure.message ? failure : new TidewallError('source_error', sentence);
  }
}

/** What an answer is that is no file. */
function faultOf({ status, headers }: OutgoingResponse): string | undefined {
  if (status === 401 || status === 403) return `${status}: it does not let us in; see auth, or secretHeaders`;
  if (status === 404 || status === 410) return `${status}: there is no such file`;
  if (status === 429) return '429: it is asked too often; raise minIntervalMs';
  if (status === 304) return undefined;
  if (status < 200 || status > 299) return `${status} in place of a file`;
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === 'text/html') return 'a page (text/html) in place of a CSV file; does it ask for a login?';
  if (type === 'application/json') return 'JSON in place of a CSV file; a source of kind http reads that';
  return undefined;
}

function charsetOf(contentType: string | undefined): Encoding | undefined {
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase();
  const names: Readonly<Record<string, Encoding>> = {
    utf8: 'utf-8',
    gb2312: 'gbk',
    'iso-8859-1': 'windows-1252',
    'utf-16': 'utf-16le',
  };
  if (charset === undefined) return undefined;
  return (
    ENCODINGS.find((encoding) => encoding === charset) ?? (Object.hasOwn(names, charset) ? names[charset] : undefined)
  );
}
