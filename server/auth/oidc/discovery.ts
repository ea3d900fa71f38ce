import type { Clock } from '@tidewall/base';
import type { Outgoing, OutgoingRequest } from '@tidewall/contracts';
import { z } from 'zod';
import { type FindKey, remoteKeys } from '../tokens/issuer-keys.ts';
import { isSafeAddress, type Provider } from './provider-schema.ts';
import { signInRefusal } from './sign-in-refusal.ts';

/** What a provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), as far as it is asked. */
export interface ProviderAddresses {
  readonly authorize: string;
  readonly token: string;
  /** Whether each of its answers names it (RFC 9207). */
  readonly namesItself: boolean;
  /** How a client with a secret says it: in the header, or in the body where the provider takes nothing else. */
  readonly secretIn: 'header' | 'body';
  readonly findKey: FindKey;
}

export interface DiscoveryOptions {
  /** Of the provider, by its name here. */
  readonly name: string;
  readonly provider: Provider;
  /** To what the configuration names. */
  readonly outgoing: Pick<Outgoing, 'request'>;
  /** To other hosts that a provider leads to: as a stranger's word. */
  readonly elsewhere: Pick<Outgoing, 'request'>;
  readonly clock: Clock;
}

const TIMEOUT_MS = 5000;
const MOST_BYTES = 256 * 1024;
const CACHE_MS = 60 * 60_000;
/** A provider that does not answer is not asked by each who knocks. */
const COOLDOWN_MS = 5000;

const address = z.string().max(2048).refine(isSafeAddress, { error: 'must begin with https://' });
const documentSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

/** Where a provider is asked what, by its own document: fetched when it is needed, kept for an hour, never by two at once. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #known: { readonly addresses: ProviderAddresses; readonly until: number } | undefined;
  #failed: { readonly failure: unknown; readonly until: number } | undefined;
  #asking: Promise<ProviderAddresses> | undefined;
  readonly #keys = new Map<string, FindKey>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** @throws TidewallError busy (`unreachable`), unauthenticated (`answer`): what it says of itself cannot be taken */
  async addresses(): Promise<ProviderAddresses> {
    const now = this.#options.clock.monotonic();
    if (this.#known !== undefined && now < this.#known.until) return this.#known.addresses;
    if (this.#failed !== undefined && now < this.#failed.until) throw this.#failed.failure;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /**
   * Asks one of its addresses; where it leads is not followed.
   *
   * @throws TidewallError busy (`unreachable`)
   */
  async request(
    url: string,
    request: OutgoingRequest = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await this.#way(url).request(url, {
        ...{ timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES, maxRedirects: 0 },
        ...request,
      });
      return { status: response.status, text: await response.text() };
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      throw signInRefusal('unreachable', `the provider ${this.#options.name} cannot be asked: ${why}`, failure);
    }
  }

  async #ask(): Promise<ProviderAddresses> {
    const { clock } = this.#options;
    try {
      const addresses = await this.#read();
      this.#known = { addresses, until: clock.monotonic() + CACHE_MS };
      this.#failed = undefined;
      return addresses;
    } catch (failure) {
      this.#failed = { failure, until: clock.monotonic() + COOLDOWN_MS };
      throw failure;
    }
  }

  async #read(): Promise<ProviderAddresses> {
    const { name, provider } = this.#options;
    const url = `${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { status, text } = await this.request(url, { headers: { accept: 'application/json' } });
    if (status !== 200) {
      throw signInRefusal(
        'unreachable',
        `the provider ${name} answers ${status} at ${url}; look whether oidc.${name}.issuer is right`,
      );
    }
    const wrong = (what: string) =>
      signInRefusal('answer', `what the provider ${name} says at ${url} cannot be taken: ${what}`);
    const result = documentSchema.safeParse(parsed(text));
    if (!result.success) {
      const [issue] = result.error.issues;
      throw wrong(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is wrong'}`);
    }
    const document = result.data;
    // To the letter (Discovery, section 4.3): another issuer's document could lead codes and secrets to it.
    if (document.issuer !== provider.issuer) {
      const said = JSON.stringify(document.issuer.slice(0, 256));
      throw wrong(`it is that of the issuer ${said}; set oidc.${name}.issuer to that if you mean it`);
    }
    const methods = document.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const inBody = !methods.includes('client_secret_basic') && methods.includes('client_secret_post');
    return {
      authorize: document.authorization_endpoint,
      token: document.token_endpoint,
      namesItself: document.authorization_response_iss_parameter_supported === true,
      secretIn: inBody ? 'body' : 'header',
      findKey: this.#keysAt(document.jwks_uri),
    };
  }

  /** The same as long as the address is, so that a key set is not asked for more often than it may. */
  #keysAt(url: string): FindKey {
    const known = this.#keys.get(url) ?? remoteKeys(url, this.#options.provider.issuer, this.#way(url));
    this.#keys.clear();
    this.#keys.set(url, known);
    return known;
  }

  #way(url: string): Pick<Outgoing, 'request'> {
    const { provider, outgoing, elsewhere } = this.#options;
    return new URL(url).host === new URL(provider.issuer).host ? outgoing : elsewhere;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
