import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Outgoing, OutgoingRequest, OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { type AddressList, canonicalHost, isPrivate, isPublic, parseAddress } from './address-list.ts';
import { Authorities } from './authorities.ts';
import { type Hop, HttpClient } from './http-client.ts';

export interface OutgoingOptions {
  /** What may be reached though it is not public. */
  readonly allowed: AddressList;
  /**
   * Whether who wrote the addresses runs this server: then they may lead into its own networks, though not to a cloud's
   * metadata, and not where somebody else's answer leads.
   */
  readonly trusted: boolean;
  /** For tests: names to addresses, in place of the system's. */
  readonly resolve?: Resolve;
}

type Resolve = (
  host: string,
  options: { readonly all: true },
  done: (failure: Error | null, addresses: readonly HostAddress[]) => void,
) => void;

interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** A way out that goes where it may, and nowhere else; without connections until it is asked for one. */
export function createOutgoing(options: OutgoingOptions): Outgoing {
  return new GuardedOutgoing(options);
}

class GuardedOutgoing implements Outgoing {
  readonly lookup: LookupFunction;
  readonly #options: OutgoingOptions;
  readonly #resolve: Resolve;
  readonly #authorities = new Authorities();

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? (resolve as Resolve);
    this.lookup = this.#lookupFor('asked');
  }

  check(host: string): Promise<string> {
    return this.#check(host, 'asked');
  }

  async request(url: string | URL, request: OutgoingRequest = {}): Promise<OutgoingResponse> {
    const client = new HttpClient({
      request,
      check: async (host, hop) => void (await this.#check(host, hop)),
      lookupFor: (hop) => this.#lookupFor(hop),
      authorities: (ca) => this.#authorities.beside(ca),
    });
    return client.follow(parseUrl(url));
  }

  #check(host: string, hop: Hop): Promise<string> {
    return new Promise((done, fail) => {
      this.#addresses(host, hop, (failure, addresses) => {
        if (failure) fail(failure);
        else done(addresses[0]?.address ?? '');
      });
    });
  }

  #lookupFor(hop: Hop): LookupFunction {
    return (host, { all }, done) => {
      this.#addresses(host, hop, (failure, addresses) => {
        const [first] = addresses;
        if (failure || first === undefined) done(failure as NodeJS.ErrnoException, all ? [] : '', 0);
        else if (all) done(null, [...addresses]);
        else done(null, first.address, first.family);
      });
    };
  }

  #addresses(host: string, hop: Hop, done: (failure: Error | null, addresses: readonly HostAddress[]) => void): void {
    const judge = (addresses: readonly HostAddress[]) => {
      const open = addresses.filter(({ address }) => this.#mayReach(host, address, hop));
      if (open.length > 0) done(null, open);
      else done(refusal(host, addresses[0]?.address, hop), []);
    };
    const bare = canonicalHost(host);
    if (parseAddress(bare) !== undefined) judge([{ address: bare, family: isIP(bare) }]);
    else if (bare === '') done(unknownHost(host), []);
    else {
      this.#resolve(bare, { all: true }, (failure, addresses) => {
        if (failure || addresses.length === 0) done(unknownHost(host, failure), []);
        else judge(addresses);
      });
    }
  }

  #mayReach(host: string, address: string, hop: Hop): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    const { allowed, trusted } = this.#options;
    if (isPublic(parsed) || allowed.hasAddress(address)) return true;
    // A name says nothing of what is nobody's: whoever answers for it could lead it to a cloud's metadata.
    return isPrivate(parsed) && ((trusted && hop === 'asked') || allowed.hasName(host));
  }
}

function parseUrl(url: string | URL): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TidewallError('source_error', `${JSON.stringify(shown(String(url)))} is no address`);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new TidewallError(
      'source_error',
      `the address of ${parsed.host} holds a user or a password, which are not sent: use the settings for them`,
    );
  }
  return parsed;
}

/** What is no address may hold a password all the same. */
function shown(url: string): string {
  return url.replace(/^([^/?#]*\/\/)?.*@/s, '$1***@').slice(0, 100);
}

function refusal(host: string, address: string | undefined, hop: Hop): TidewallError {
  const bare = canonicalHost(host);
  const where = address === undefined || address === bare ? bare : `${bare} (${address})`;
  const what = hop === 'asked' ? where : `an answer leads to ${where}, which`;
  const parsed = parseAddress(address ?? host);
  const privately = parsed !== undefined && isPrivate(parsed);
  const why = privately ? 'is not a public address' : "is an address of nobody's, like those of a cloud's metadata";
  const entry = JSON.stringify(privately ? bare : (address ?? bare));
  return new TidewallError(
    'source_error',
    `${what} ${why}, and may not be reached; allow it in the configuration if you mean it: outgoing.allow: [${entry}]`,
    { detail: { host } },
  );
}

function unknownHost(host: string, failure?: Error | null): TidewallError {
  const { code } = (failure ?? {}) as NodeJS.ErrnoException;
  const unknown = failure == null || code === 'ENOTFOUND' || code === 'EAI_AGAIN';
  const why = unknown ? 'there is no such host, or no name server answers' : (code ?? failure.message);
  return new TidewallError('source_error', `${host === '' ? 'a host without a name' : host} cannot be found: ${why}`, {
    ...(failure == null ? {} : { cause: failure }),
    detail: { host },
  });
}
