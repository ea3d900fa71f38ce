import { createHash, randomBytes } from 'node:crypto';
import { TidewallError } from '@tidewall/protocol';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { sameText } from '../same-text.ts';
import { Discovery, type DiscoveryOptions, type ProviderAddresses } from './discovery.ts';
import { nameByClaims, rolesByClaims } from './provider-claims.ts';
import { signInRefusal } from './sign-in-refusal.ts';

/** What only the browser that began a sign-in may know; what comes back is held against it. */
export interface BegunSignIn {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
  /** Where the provider was asked to lead back to. */
  readonly redirectUri: string;
}

/** Who a provider says has signed in. */
export interface ProvenPerson {
  readonly sub: string;
  /** For people; it may be anybody's. */
  readonly name: string;
  readonly roles: readonly string[];
}

const MOST_TEXT = 8192;
const MOST_SUBJECT = 255;

/**
 * Signs people in at one provider: the authorization code flow of OpenID Connect Core 1.0 with PKCE, state and nonce. What comes
 * back is taken only if it is the answer to what was asked, of the one who was asked.
 */
export class OidcClient {
  readonly #options: DiscoveryOptions;
  readonly #discovery: Discovery;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#discovery = new Discovery(options);
  }

  /**
   * Where to lead the browser, and what it has to show when it is back.
   *
   * @param redirectUri where the provider leads back to, as it was registered there
   * @throws TidewallError as `Discovery.addresses`
   */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly begun: BegunSignIn }> {
    const { provider } = this.#options;
    const { authorize } = await this.#discovery.addresses();
    const [state, nonce, verifier] = [random(), random(), random()];
    const url = new URL(authorize);
    const asked = {
      ...{
        response_type: 'code',
        client_id: provider.clientId,
        redirect_uri: redirectUri,
        scope: provider.scopes.join(' '),
      },
      ...{ state, nonce, code_challenge: digest(verifier), code_challenge_method: 'S256' },
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return { url: url.href, begun: { state, nonce, verifier, redirectUri } };
  }

  /**
   * Who has signed in, by what the browser has brought back.
   *
   * @param spend called as soon as it is the answer to what was asked: throws where it was taken before
   * @throws TidewallError with the reason of `signInRefusal`
   */
  async finish(answer: URLSearchParams, begun: BegunSignIn, spend: () => void): Promise<ProvenPerson> {
    const { name } = this.#options;
    if (!sameText(one(answer, 'state') ?? '', begun.state)) {
      throw signInRefusal('elsewhere', `an answer of ${name} was not to what this browser has asked; sign in again`);
    }
    spend();
    const twice = [...new Set(answer.keys())].find((key) => answer.getAll(key).length > 1);
    if (twice !== undefined) throw this.#wrong(`it says ${JSON.stringify(twice.slice(0, 64))} twice`);
    const addresses = await this.#discovery.addresses();
    this.#requireIssuer(answer, addresses);
    const error = one(answer, 'error');
    if (error !== undefined) throw this.#refusedThere(error);
    const code = one(answer, 'code');
    if (code === undefined) throw this.#wrong('it leads back without a code; look at its log');
    const idToken = await this.#exchange(code, begun, addresses);
    const payload = await this.#verify(idToken, addresses);
    this.#requireForUs(payload, begun.nonce);
    const { provider } = this.#options;
    return { sub: payload.sub ?? '', name: nameByClaims(provider, payload), roles: rolesByClaims(provider, payload) };
  }

  /** An answer of one provider that is told as another's would carry its code there (RFC 9207). */
  #requireIssuer(answer: URLSearchParams, { namesItself }: ProviderAddresses): void {
    const { provider } = this.#options;
    const said = one(answer, 'iss');
    if (said === undefined && !namesItself) return;
    if (said === provider.issuer) return;
    const whose = said === undefined ? 'says not whose it is' : `is that of ${JSON.stringify(said.slice(0, 256))}`;
    throw this.#wrong(`the answer ${whose}, and must be that of ${provider.issuer} (iss)`);
  }

  #refusedThere(error: string): TidewallError {
    const { name } = this.#options;
    // Of the words of the standards alone: anybody can make a link that says something else.
    const word = /^[a-z_]{1,64}$/.test(error) ? error : 'something unreadable';
    if (word === 'access_denied') {
      return signInRefusal(
        'denied',
        `the provider ${name} lets this person not in, or the sign-in was given up (access_denied)`,
      );
    }
    return this.#wrong(`it answers ${word}; look at what it has registered for this server`);
  }

  async #exchange(
    code: string,
    { verifier, redirectUri }: BegunSignIn,
    { token, secretIn }: ProviderAddresses,
  ): Promise<string> {
    const { name, provider } = this.#options;
    const form = new URLSearchParams({
      ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
      client_id: provider.clientId,
    });
    const headers: Record<string, string> = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const { clientId, clientSecret } = provider;
    if (clientSecret !== undefined && secretIn === 'body') form.set('client_secret', clientSecret);
    else if (clientSecret !== undefined) headers['authorization'] = basic(clientId, clientSecret);
    const { status, text } = await this.#discovery.request(token, { method: 'POST', headers, body: form.toString() });
    const body = parsed(text);
    if (status === 200 && typeof body?.['id_token'] === 'string') return body['id_token'];
    if (status >= 500) throw signInRefusal('unreachable', `the provider ${name} answers ${status} to a code`);
    const said = body?.['error'];
    const word = typeof said === 'string' && /^[a-z_]{1,64}$/.test(said) ? ` ${said}` : '';
    if (word === ' invalid_grant') {
      throw signInRefusal(
        'used',
        `the provider ${name} takes the code not, or not again (invalid_grant); sign in again`,
      );
    }
    if (status === 200) throw this.#wrong('it gives no ID token; add openid to its scopes for this server');
    const cure = word === ' invalid_client' ? `; look at oidc.${name}.clientId and clientSecret` : '';
    throw this.#wrong(`it answers ${status}${word} to a code${cure}`);
  }

  async #verify(idToken: string, { findKey }: ProviderAddresses): Promise<JWTPayload> {
    const { provider, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(idToken, findKey, {
        ...{ issuer: provider.issuer, audience: provider.clientId, algorithms: [...provider.algorithms] },
        ...{ clockTolerance: provider.clockToleranceS, requiredClaims: ['exp', 'iat', 'sub', 'nonce'] },
        currentDate: new Date(clock.now()),
      });
      return payload;
    } catch (failure) {
      if (failure instanceof TidewallError) throw signInRefusal('unreachable', failure.message, failure);
      // What jose says names the claim, and never what is in the token.
      const why = failure instanceof errors.JOSEError ? failure.message : 'it cannot be read';
      throw this.#wrong(`the ID token is not taken: ${why}`);
    }
  }

  /** What jose does not look at (Core, section 3.1.3.7). */
  #requireForUs({ nonce, aud, azp, sub = '' }: JWTPayload, asked: string): void {
    const { clientId } = this.#options.provider;
    if (typeof nonce !== 'string' || !sameText(nonce, asked)) {
      throw this.#wrong('the ID token is not taken: its "nonce" is not that of this sign-in; sign in again');
    }
    const several = Array.isArray(aud) && aud.length > 1;
    if ((several || azp !== undefined) && azp !== clientId) {
      throw this.#wrong('the ID token is not taken: it was made for another client ("azp")');
    }
    if (sub !== '' && sub.length <= MOST_SUBJECT) return;
    throw this.#wrong(`the ID token is not taken: its "sub" must have 1 to ${MOST_SUBJECT} characters`);
  }

  #wrong(what: string): TidewallError {
    return signInRefusal('answer', `an answer of the provider ${this.#options.name} is not taken: ${what}`);
  }
}

/** A parameter that is there once, and is not too long. */
function one(answer: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = answer.getAll(name);
  return value === undefined || more.length > 0 || value.length > MOST_TEXT ? undefined : value;
}

/** In a header, form-encoded before (RFC 6749, section 2.3.1). */
function basic(id: string, secret: string): string {
  const encoded = (text: string) => new URLSearchParams({ a: text }).toString().slice(2);
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}`;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
