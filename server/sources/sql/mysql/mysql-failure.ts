import type { TidewallError } from '@tidewall/protocol';
import { socketReason } from '../../socket-reason.ts';
import type { ServerAddress } from '../server-address.ts';
import { type Place, sqlFailure } from '../sql-failure.ts';

export interface MysqlFailureOptions {
  readonly address: ServerAddress;
  /** Whether it came while a question was asked. */
  readonly asked: boolean;
  readonly timeoutMs: number;
}

/** What went wrong, by the names of MySQL's errors, as a sentence with its cure. */
export function mysqlFailure(place: Place, failure: unknown, options: MysqlFailureOptions): TidewallError {
  const { address, asked, timeoutMs } = options;
  const { user, database } = address;
  const { code = '', errno } = (failure ?? {}) as { readonly code?: string; readonly errno?: number };
  switch (code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
      return sqlFailure(place, `does not take the password of ${user} (user, password)`);
    case 'ER_DBACCESS_DENIED_ERROR':
      return sqlFailure(place, `does not let ${user} into the database ${JSON.stringify(database)} (user, database)`);
    case 'ER_BAD_DB_ERROR':
      return sqlFailure(place, `has no database ${JSON.stringify(database)} (database)`);
    case 'ER_NO_DB_ERROR':
      return sqlFailure(place, 'is asked for tables of no database: name one (database)');
    case 'ER_QUERY_TIMEOUT':
    case 'ER_STATEMENT_TIMEOUT':
      return sqlFailure(place, `did not answer within ${timeoutMs} ms (timeoutMs), and was told to stop`);
    case 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION':
      return sqlFailure(place, 'lets a query only read', failure);
    case 'ER_UNKNOWN_TIME_ZONE':
      return sqlFailure(place, 'has no tables of time zones: write an offset like +08:00 (timezone)', failure);
    case 'HANDSHAKE_NO_SSL_SUPPORT':
      return sqlFailure(place, 'cannot be reached: it does not speak TLS; leave tls out');
    case 'HANDSHAKE_SSL_ERROR':
      return sqlFailure(place, `cannot be reached: ${socketReason(tlsFailure(failure))}`);
    case 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED':
      return sqlFailure(place, 'asks for the password as plain text, which is not told');
  }
  // MariaDB's own, which the library has no names for: max_statement_time, and a read-only transaction.
  if (errno === 1969) {
    return sqlFailure(place, `did not answer within ${timeoutMs} ms (timeoutMs), and was told to stop`);
  }
  if (!asked) return sqlFailure(place, `cannot be reached: ${wordsOf(failure)}`);
  if (!code.startsWith('ER_')) return sqlFailure(place, `is gone: ${wordsOf(failure)}`);
  return sqlFailure(place, `cannot answer the query: ${wordsOf(failure)}`);
}

/** OpenSSL's words by the codes of Node, which the library replaces by its own. */
const TLS_CODES: Readonly<Record<string, string>> = {
  'self-signed certificate': 'DEPTH_ZERO_SELF_SIGNED_CERT',
  'self-signed certificate in certificate chain': 'SELF_SIGNED_CERT_IN_CHAIN',
  'unable to verify the first certificate': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'unable to get issuer certificate': 'UNABLE_TO_GET_ISSUER_CERT',
  'unable to get local issuer certificate': 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'certificate has expired': 'CERT_HAS_EXPIRED',
  'certificate is not yet valid': 'CERT_NOT_YET_VALID',
};

/** The failure of a TLS connection with the code that Node gave it. */
function tlsFailure(failure: unknown): Error {
  const { message } = failure as Error;
  const known = message.startsWith('Hostname/IP does not match') ? 'ERR_TLS_CERT_ALTNAME_INVALID' : TLS_CODES[message];
  return Object.assign(new Error(message), known === undefined ? {} : { code: known });
}

function wordsOf(failure: unknown): string {
  const text = socketReason(failure);
  return text.startsWith('Connection lost:') ? 'the connection was cut' : text;
}
