import type { TidewallError } from '@tidewall/protocol';
import { socketReason } from '../../socket-reason.ts';
import type { ServerAddress } from '../server-address.ts';
import { excerptAt, type Place, sqlFailure } from '../sql-failure.ts';

export interface PostgresFailureOptions {
  readonly address: ServerAddress;
  /** What was asked; absent while connecting. */
  readonly statement?: string;
  readonly timeoutMs?: number;
}

/** What PostgreSQL says of an error (its ErrorResponse). */
interface ErrorFields {
  readonly code?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly severity?: string;
}

/** What went wrong, by the codes of PostgreSQL (its appendix A), as a sentence with its cure. */
export function postgresFailure(place: Place, failure: unknown, options: PostgresFailureOptions): TidewallError {
  const { address, statement, timeoutMs } = options;
  const { code = '', hint, position, severity } = (failure ?? {}) as ErrorFields;
  const { user, database } = address;
  switch (code) {
    case '28P01':
      return sqlFailure(place, `does not take the password of ${user} (user, password)`);
    case '28000':
      return sqlFailure(place, `does not let ${user} in (user, tls)`, failure);
    case '3D000':
      return sqlFailure(place, `has no database ${JSON.stringify(database === '' ? user : database)} (database)`);
    case '53300':
      return sqlFailure(place, 'has no connection left for us', failure);
    case '57014':
      return sqlFailure(place, `did not answer within ${timeoutMs} ms (timeoutMs), and was told to stop`);
    case '25006':
      return sqlFailure(place, 'lets a query only read', failure);
    case '42501':
      return sqlFailure(place, `does not allow ${user} that`, failure);
  }
  if (statement === undefined) return sqlFailure(place, `cannot be reached: ${wordsOf(failure)}`);
  // 57P01 and its neighbours: it is told to stop, or has crashed.
  if (severity === undefined || code.startsWith('57P')) return sqlFailure(place, `is gone: ${wordsOf(failure)}`);
  const at = position === undefined ? '' : excerptAt(statement, Number(position));
  const cure = hint === undefined ? '' : `; ${hint}`;
  return sqlFailure(place, `cannot answer the query: ${wordsOf(failure)}${at}${cure}`);
}

function wordsOf(failure: unknown): string {
  const text = socketReason(failure);
  if (text === 'The server does not support SSL connections') return 'it does not speak TLS; leave tls out';
  // The library's words for what it finds when it is asked next.
  if (/^(Connection terminated|Client has encountered a connection error|Client was closed)/.test(text)) {
    return 'the connection was cut';
  }
  return text;
}
