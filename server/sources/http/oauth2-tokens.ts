import { type Clock, isJsonObject, parseJson } from '@tidewall/base';
import type { Outgoing, OutgoingRequest, OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { isHeaderText } from '@tidewall/request';
import { basicAuthorization } from '../http-credentials.ts';
import type { OAuth2 } from '../http-fields.ts';
import { statusFailure } from '../http-status-failure.ts';

const MOST_BYTES = 64 * 1024;
/** Of a token that does not say how long it is good. */
const STANDARD_LIFE_S = 300;
/** A token is not used up to its last moment: the far end's clock is another one. */
const SPARE_MS = 30_000;

export interface OAuth2TokensOptions {
  readonly auth: OAuth2;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  readonly request: Pick<OutgoingRequest, 'timeoutMs' | 'ca' | 'insecure'>;
}

/** Tokens of a client by its own credentials (RFC 6749, 4.4), each used for as long as it is good. */
export class OAuth2Tokens {
  readonly #options: OAuth2TokensOptions;
  #token: { readonly text: string; readonly goodUntil: number } | undefined;

  constructor(options: OAuth2TokensOptions) {
    this.#options = options;
  }

  /** The one that is good now. @throws TidewallError source_error in a sentence that names who gives tokens */
  async token(signal: AbortSignal): Promise<string> {
    const { clock } = this.#options;
    if (this.#token !== undefined && clock.monotonic() < this.#token.goodUntil) return this.#token.text;
    const askedAt = clock.monotonic();
    const { text, lifeMs } = await this.#fetch(signal);
    // A short one is good for half of its time at least, or it would be fetched for each question.
    this.#token = { text, goodUntil: askedAt + Math.max(lifeMs / 2, lifeMs - SPARE_MS) };
    return text;
  }

  /** A token that is held, whether it is good or not: no sentence may repeat it. */
  get held(): string | undefined {
    return this.#token?.text;
  }

  /** The far end does not take it any more. @returns whether there was one */
  forget(): boolean {
    const had = this.#token !== undefined;
    this.#token = undefined;
    return had;
  }

  async #fetch(signal: AbortSignal): Promise<{ readonly text: string; readonly lifeMs: number }> {
    const { auth, outgoing, request } = this.#options;
    const { clientId, clientSecret, scope, audience, send } = auth;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scope !== undefined) form.set('scope', scope);
    if (audience !== undefined) form.set('audience', audience);
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (send === 'header') headers['authorization'] = basicAuthorization(formText(clientId), formText(clientSecret));
    else {
      form.set('client_id', clientId);
      form.set('client_secret', clientSecret);
    }
    const asked = { method: 'POST', headers, body: form.toString(), signal, maxBytes: MOST_BYTES, ...request };
    const response = await outgoing.request(auth.tokenUrl, asked);
    const place = `the giver of tokens ${new URL(auth.tokenUrl).host}`;
    if (response.status !== 200) throw await statusFailure({ response, place, secrets: this.#secrets() });
    return readToken(response, place);
  }

  #secrets(): readonly string[] {
    const { clientId, clientSecret } = this.#options.auth;
    return [clientSecret, basicAuthorization(formText(clientId), formText(clientSecret)).slice('Basic '.length)];
  }
}

async function readToken(response: OutgoingResponse, place: string): Promise<{ text: string; lifeMs: number }> {
  let answer: unknown;
  try {
    answer = parseJson(await response.text());
  } catch (failure) {
    if (failure instanceof TidewallError) throw failure;
    answer = undefined;
  }
  const { access_token: text, token_type: type, expires_in: life } = isJsonObject(answer) ? answer : {};
  if (typeof text !== 'string' || text === '' || !isHeaderText(text)) {
    throw new TidewallError('source_error', `${place} answers without an access_token`);
  }
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') {
    throw new TidewallError('source_error', `${place} gives tokens of the type ${type.slice(0, 40)}, not bearer`);
  }
  const seconds = Number(life ?? STANDARD_LIFE_S);
  return { text, lifeMs: 1000 * (Number.isFinite(seconds) && seconds > 0 ? seconds : STANDARD_LIFE_S) };
}

/** The form's way of writing, which RFC 6749 (2.3.1) asks for within the header too. */
function formText(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
