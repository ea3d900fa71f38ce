/** What is said of a connection that ended without a word. */
export const CONNECTION_CUT = 'the connection was cut';

const UNKNOWN_AUTHORITY = 'its certificate is of an authority that is not known; name it in ca';
const NO_WAY = 'there is no way to that host';

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: CONNECTION_CUT,
  EPIPE: CONNECTION_CUT,
  EHOSTUNREACH: NO_WAY,
  EADDRNOTAVAIL: NO_WAY,
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'it does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name it in ca, or set insecure',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: "its certificate is not valid yet; is this machine's clock right?",
};

/**
 * Why a connection could not be made, or ended, with the cure, for those who look at the screen; the same words whatever
 * was spoken over it. Undefined for a code that means something else on each wire.
 *
 * @param code of Node, `ECONNREFUSED`
 */
export function connectionFailure(code: string): string | undefined {
  if (Object.hasOwn(FAILURES, code)) return FAILURES[code];
  return code.startsWith('ERR_SSL_') ? `it breaks TLS off (${code.slice('ERR_SSL_'.length).toLowerCase()})` : undefined;
}
