import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Outgoing, OutgoingRequest, OutgoingResponse } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { type AddressList, canonicalHost, isLinkLocal, isPublic, parseAddress } from './address-list.ts';
import { HttpClient } from './http-client.ts';

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
  done: (failure: Error | null, addresses: readonly { readonly address: string; readonly family: number }[]) => void,
) => void;

/** A way out that goes where it may, and nowhere else; without connections until it is asked for one. */
export function createOutgoing(options: OutgoingOptions): Outgoing {
  return new GuardedOutgoing(options);
}

class GuardedOutgoing implements Outgoing {
  readonly lookup: LookupFunction;
  readonly #options: OutgoingOptions;
  readonly #resolve: Resolve;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? (resolve as Resolve);
    this.lookup = this.#lookupFor(options.trusted);
  }

  check(host: string): Promise<string> {
    return this.#check(host, this.#options.trusted);
  }

  async request(url: string | URL, request: OutgoingRequest = {}): Promise<OutgoingResponse> {
    const client = new HttpClient({
      request,
      check: (host, first) => this.#check(host, this.#options.trusted && first).then(() => {}),
      lookupFor: (first) => this.#lookupFor(this.#options.trusted && first),
    });
    return client.follow(parseUrl(url));
  }

  #check(host: string, trusted: boolean): Promise<string> {
    return new Promise((done, fail) => {
      this.#addresses(host, trusted, (failure, addresses) => {
        if (failure) fail(failure);
        else done(addresses[0]?.address ?? '');
      });
    });
  }

  #lookupFor(trusted: boolean): LookupFunction {
    return (host, { all }, done) => {
      this.#addresses(host, trusted, (failure, addresses) => {
        const [first] = addresses;
        if (failure || first === undefined) done(failure as NodeJS.ErrnoException, all ? [] : '', 0);
        else if (all) done(null, [...addresses]);
        else done(null, first.address, first.family);
      });
    };
  }

  #addresses(
    host: string,
    trusted: boolean,
    done: (failure: Error | null, addresses: readonly { readonly address: string; readonly family: number }[]) => void,
  ): void {
    const literal = parseAddress(host);
    const judge = (addresses: readonly { readonly address: string; readonly family: number }[]) => {
      const open = addresses.filter(({ address }) => this.#mayReach(host, address, trusted));
      if (open.length > 0) done(null, open);
      else done(refusal(host, addresses[0]?.address), []);
    };
    if (literal !== undefined) {
      judge([{ address: canonicalHost(host), family: literal.kind() === 'ipv6' ? 6 : 4 }]);
      return;
    }
    this.#resolve(canonicalHost(host), { all: true }, (failure, addresses) => {
      if (failure) done(unknownHost(host, failure), []);
      else judge(addresses);
    });
  }

  #mayReach(host: string, address: string, trusted: boolean): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    if (isPublic(parsed)) return true;
    const { allowed } = this.#options;
    if (allowed.hasAddress(address) || allowed.hasName(host)) return true;
    return trusted && !isLinkLocal(parsed);
  }
}

function parseUrl(url: string | URL): URL {
  try {
    return new URL(url);
  } catch {
    throw new TidewallError('source_error', `${JSON.stringify(String(url).slice(0, 200))} is no address`);
  }
}

function refusal(host: string, address: string | undefined): TidewallError {
  const where = address === undefined || address === host ? host : `${host} (${address})`;
  return new TidewallError(
    'source_error',
    `${where} is not a public address, and may not be reached; allow it in the configuration: outgoing.allow: [${host}]`,
    { detail: { host } },
  );
}

function unknownHost(host: string, failure: Error): TidewallError {
  const { code } = failure as NodeJS.ErrnoException;
  const why = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'there is no such host, or no name server answers' : code;
  return new TidewallError('source_error', `${host} cannot be found: ${why ?? failure.message}`, {
    cause: failure,
    detail: { host },
  });
}
