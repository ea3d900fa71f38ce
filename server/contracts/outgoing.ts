import type { LookupFunction } from 'node:net';

/** What a request over HTTP takes, beside its address. */
export interface OutgoingRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Until the answer's head, and then between two pieces of its body; 10 s when absent. */
  readonly timeoutMs?: number;
  /** A longer body is refused while it arrives; 16 MiB when absent. */
  readonly maxBytes?: number;
  /** How many redirects are followed; 5 when absent. */
  readonly maxRedirects?: number;
  /** PEM of the authorities that are trusted beside the system's. */
  readonly ca?: string;
  /** Whether a certificate that nobody vouches for is taken. */
  readonly insecure?: boolean;
}

export interface OutgoingResponse {
  readonly status: number;
  /** By lower-case name; of a repeated one the values with `, ` between. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where it came from, after redirects. */
  readonly url: string;
  /** The body as it arrives, once. @throws TidewallError when it is too long or too slow */
  readonly body: AsyncIterable<Uint8Array>;
  /** All of the body. */
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  /** Lets go of a body that nobody wants. A body that is neither read nor let go holds its connection open. */
  discard(): void;
}

/**
 * The way to other machines. Addresses that are not public (of this machine, of private networks, of a cloud's metadata
 * service) are reached only where the configuration allows it; this is checked at the address that is connected to, so
 * that neither a redirect nor a name whose address changes leads there.
 */
export interface Outgoing {
  /** For `net.connect` and what takes its options. It is not asked for addresses: `check` those before. */
  readonly lookup: LookupFunction;
  /**
   * Resolves to an address of a host, by name or address, that may be connected to.
   *
   * @throws TidewallError source_error naming the host, why it may not be reached or is not known, and the cure
   */
  check(host: string): Promise<string>;
  /** @throws TidewallError source_error with a sentence that names the host */
  request(url: string | URL, request?: OutgoingRequest): Promise<OutgoingResponse>;
}
