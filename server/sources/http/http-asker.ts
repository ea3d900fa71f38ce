import type { OutgoingResponse, Sink, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { type BoundRequest, retryAfterMs, setInQuery } from '@tidewall/request';
import { credentialsOf, secretsOf } from '../http-credentials.ts';
import { statusFailure } from '../http-status-failure.ts';
import type { HttpConfig } from './config.ts';
import { OAuth2Tokens } from './oauth2-tokens.ts';
import { type Reading, readAnswer } from './read-answer.ts';

const ACCEPT: Readonly<Record<HttpConfig['format'], string>> = {
  json: 'application/json, */*;q=0.5',
  csv: 'text/csv, */*;q=0.5',
  ndjson: 'application/x-ndjson, application/jsonl, */*;q=0.5',
  text: 'text/plain, */*;q=0.5',
};
/** With these a far end may say when it wants to be asked again. */
const LATER: readonly number[] = [429, 503];
const NOT_MODIFIED = 304;

/** What an answer can be asked for again with, so that it comes only when it is another one. */
export interface Validators {
  readonly etag: string | undefined;
  readonly modified: string | undefined;
}

/** What an answer says, and what goes with it. */
export interface Answer {
  /** Where it came from, after redirects. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly reading: Reading;
  /** As long as it was. */
  readonly bytes: number;
  readonly validators: Validators | undefined;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  readonly sink: Pick<Sink, 'refused'>;
  readonly maxBytes: number;
  /** Of the answer that is known; absent: any answer is wanted. */
  readonly validators?: Validators | undefined;
}

/** Asks one server, as who its configuration says. */
export class HttpAsker {
  readonly #config: HttpConfig;
  readonly #context: SourceContext;
  /** What is asked, as sentences name it. */
  readonly #place: string;
  readonly #tokens: OAuth2Tokens | undefined;
  #notBefore = 0;

  constructor(config: HttpConfig, context: SourceContext, place: string) {
    const { auth, timeoutMs } = config;
    const { outgoing, clock } = context;
    this.#config = config;
    this.#context = context;
    this.#place = place;
    if (auth?.type === 'oauth2') {
      this.#tokens = new OAuth2Tokens({ auth, outgoing, clock, request: { timeoutMs, ...tlsOf(config) } });
    }
  }

  /** How long the far end wants to be left alone still; 0 when it may be asked. */
  get waitMs(): number {
    return Math.max(0, this.#notBefore - this.#context.clock.monotonic());
  }

  /**
   * One answer; undefined when it is the one that is known still.
   *
   * @throws TidewallError source_error in a sentence that repeats no secret
   */
  async ask(request: BoundRequest, options: AskOptions): Promise<Answer | undefined> {
    const { sink, validators } = options;
    const { clock } = this.#context;
    const response = await this.#send(request, options);
    const { status, headers, url } = response;
    if (status === NOT_MODIFIED && validators !== undefined) {
      response.discard();
      return undefined;
    }
    if (status < 200 || status > 299) throw await this.#failure(response);
    const bytes = await response.bytes();
    const refused = (reason: string) => sink.refused(reason);
    const reading = await readAnswer(bytes, headers['content-type'], {
      ...{ config: this.#config, clock, place: this.#place, refused },
    });
    return { url, headers, reading, bytes: bytes.length, validators: validatorsOf(headers) };
  }

  async #send(request: BoundRequest, { signal, maxBytes, validators }: AskOptions): Promise<OutgoingResponse> {
    const { outgoing } = this.#context;
    const { timeoutMs, secretHeaders, format } = this.#config;
    const { method, body } = request;
    const ask = async () => {
      const { query, headers } = await this.#credentials(signal);
      const url = new URL(request.url);
      for (const [name, value] of Object.entries(query)) setInQuery(url, name, value);
      return outgoing.request(url, {
        ...{ method, signal, timeoutMs, maxBytes: Math.max(1, maxBytes), ...tlsOf(this.#config) },
        headers: {
          ...{ accept: ACCEPT[format], ...request.headers, ...lowerCase(secretHeaders), ...headers },
          ...revalidating(validators),
        },
        ...(body === undefined ? {} : { body: body.type === 'json' ? JSON.stringify(body.value) : body.value }),
      });
    };
    const response = await ask();
    // A token may have been taken back before its time.
    if (response.status !== 401 || this.#tokens?.forget() !== true) return response;
    response.discard();
    return ask();
  }

  async #credentials(signal: AbortSignal) {
    const { auth } = this.#config;
    if (auth?.type !== 'oauth2') return credentialsOf(auth);
    return credentialsOf({ type: 'bearer', token: (await this.#tokens?.token(signal)) ?? '' });
  }

  async #failure(response: OutgoingResponse): Promise<TidewallError> {
    const { clock } = this.#context;
    const held = this.#tokens?.held;
    const secrets = [...secretsOf(this.#config), ...(held === undefined ? [] : [held])];
    const failure = await statusFailure({ response, place: this.#place, secrets });
    if (!LATER.includes(response.status)) return failure;
    const waits = retryAfterMs(response.headers['retry-after'], clock.now());
    if (waits === undefined) return failure;
    const waitMs = Math.min(waits, this.#config.maxIntervalMs);
    this.#notBefore = clock.monotonic() + waitMs;
    const message = `${failure.message}; it wants to be left alone for ${Math.ceil(waitMs / 1000)} s`;
    return new TidewallError('source_error', message, { cause: failure });
  }
}

function tlsOf({ ca, insecure }: Pick<HttpConfig, 'ca' | 'insecure'>) {
  return { insecure, ...(ca === undefined ? {} : { ca }) };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function validatorsOf(headers: Readonly<Record<string, string>>): Validators | undefined {
  const { etag, 'last-modified': modified } = headers;
  return etag === undefined && modified === undefined ? undefined : { etag, modified };
}

function revalidating(validators: Validators | undefined): Record<string, string> {
  const { etag, modified } = validators ?? {};
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(modified === undefined ? {} : { 'if-modified-since': modified }),
  };
}
