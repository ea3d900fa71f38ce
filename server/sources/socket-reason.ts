import { CONNECTION_CUT, connectionFailure } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { reasonOf } from './reason.ts';

const NO_TLS = 'it does not speak TLS there; is that the port for TLS?';

/** Of these the cure is another one than for HTTP, or there is none. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; set serverName to that, if it is the right one',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a certificate of ours; set cert and key',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it does not take our certificate, or asks for one; set cert and key',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of our certificate; set cert and key',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'it and we have no version or cipher of TLS in common, or it asks for cert and key',
  EPROTO: NO_TLS,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'cert and key do not belong together',
};

/** Why a connection could not be made, or ended, in words for those who look at the screen; undefined: it was cut. */
export function socketReason(failure: unknown): string {
  if (failure instanceof TidewallError) return failure.message;
  // A name with two addresses fails with an error for each of them, and no word of its own.
  const cause = failure instanceof AggregateError && failure.errors.length > 0 ? failure.errors[0] : failure;
  if (cause === undefined) return CONNECTION_CUT;
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  if (Object.hasOwn(REASONS, code)) return REASONS[code] as string;
  return connectionFailure(code) ?? reasonOf(cause);
}

/** As `socketReason`, of a connection that ended before the far end had answered. @param protocol what is spoken there */
export function greetingReason(failure: unknown, protocol: string): string {
  const reason = socketReason(failure);
  return reason === CONNECTION_CUT ? `${CONNECTION_CUT} before it answered; is that the port of ${protocol}?` : reason;
}
