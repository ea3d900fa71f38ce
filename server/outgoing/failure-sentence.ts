import { CONNECTION_CUT, connectionFailure } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';

const NO_TLS = 'it does not speak TLS there; is it http:// in place of https://?';
const NO_HTTP = 'it does not speak HTTP there; is it https:// in place of http://, or another port?';
const WRONG_ENCODING = 'what it sends is not packed as it says (content-encoding)';

/** What HTTP adds to the failures of connections. */
const SENTENCES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: CONNECTION_CUT,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: CONNECTION_CUT,
  HPE_INVALID_EOF_STATE: CONNECTION_CUT,
  UND_ERR_HEADERS_OVERFLOW: 'the head of its answer has more than 16 KiB',
  HPE_HEADER_OVERFLOW: 'the head of its answer has more than 16 KiB',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  EPROTO: NO_TLS,
  Z_BUF_ERROR: 'what it sends breaks off, or is not packed as it says (content-encoding)',
  Z_DATA_ERROR: WRONG_ENCODING,
  ERR__ERROR_FORMAT_PADDING_1: WRONG_ENCODING,
};
const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];

/**
 * What went wrong, as a sentence that names the host and holds nothing of the address behind it.
 *
 * @param host with its port
 */
export function asSentence(failure: unknown, host: string, timeoutMs: number): TidewallError {
  const causes = [failure, (failure as { cause?: unknown } | undefined)?.cause];
  for (const cause of causes) if (cause instanceof TidewallError) return cause;
  const codes = causes.flatMap((cause) => (cause as NodeJS.ErrnoException | undefined)?.code ?? []);
  const timedOut = codes.some((code) => TIMEOUTS.includes(code));
  const known = causes.map(ofFailure).find((sentence) => sentence !== undefined);
  const message = failure instanceof Error && failure.message !== '' ? failure.message : codes[0];
  const why = timedOut ? `it does not answer within ${timeoutMs} ms` : (known ?? message ?? String(failure));
  return new TidewallError('source_error', `${host} cannot be asked: ${why}`, { cause: failure });
}

function ofFailure(failure: unknown): string | undefined {
  const { code = '', name } = (failure ?? {}) as NodeJS.ErrnoException;
  if (Object.hasOwn(SENTENCES, code)) return SENTENCES[code];
  if (name === 'HTTPParserError') return ofParser(failure as Error & { readonly data?: string });
  if (code.startsWith('ERR__ERROR_') || code.startsWith('ERR_BROTLI') || code.startsWith('Z_')) return WRONG_ENCODING;
  return connectionFailure(code);
}

/** The parser has no codes, but what it was given: nothing, when the connection ended too soon. */
function ofParser({ data, message }: Error & { readonly data?: string }): string {
  if (data === '') return CONNECTION_CUT;
  return message.includes('Expected HTTP') ? NO_HTTP : 'what it answers breaks the rules of HTTP';
}
