import { TidewallError } from '@tidewall/protocol';
import { withoutSecrets } from '../http-credentials.ts';
import { reasonOf } from '../reason.ts';

/** By the beginning of a code; the longest counts. */
const SENTENCES: Readonly<Record<string, string>> = {
  AuthFailure: 'it does not take the key (secretId, secretKey)',
  'AuthFailure.InvalidSecretId': 'the secretId is that of another kind of key',
  'AuthFailure.SecretIdNotFound': 'it does not know the secretId',
  'AuthFailure.SignatureExpire': "the signature is of another time than its own: is this machine's clock right?",
  'AuthFailure.SignatureFailure': 'it does not take the signature: is secretKey that of secretId?',
  'AuthFailure.TokenFailure': 'it does not take the sessionToken, or not any more',
  'AuthFailure.UnauthorizedOperation': 'the key has no right to that; QcloudMonitorReadOnlyAccess gives it',
  UnauthorizedOperation: 'the key has no right to that; QcloudMonitorReadOnlyAccess gives it',
  InvalidParameter: 'it does not take what is asked (namespace, metric, instances, periodSeconds)',
  MissingParameter: 'it does not take what is asked (namespace, metric, instances)',
  ResourceNotFound: 'there is no such instance (instances)',
  UnsupportedRegion: 'it is not offered in that region (region)',
  UnsupportedOperation: 'it is not offered for that (namespace, metric)',
  RequestLimitExceeded: 'it is asked too often (intervalMs)',
  LimitExceeded: 'it is asked too often, or for too much (intervalMs, rangeMs)',
  InternalError: 'it has failed by itself',
  FailedOperation: 'it could not do that',
  ResourceUnavailable: 'it is not ready',
};

export interface MonitorError {
  readonly code: string;
  readonly message: string;
}

/** What an error of the API says, as a sentence; it keeps what must not be repeated. */
export function monitorFailure(
  place: string,
  { code, message }: MonitorError,
  secrets: readonly string[],
): TidewallError {
  const [, own = 'it does not answer'] =
    Object.entries(SENTENCES)
      .filter(([begin]) => code.startsWith(begin))
      .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  const said = withoutSecrets(reasonOf(message), secrets).slice(0, 200);
  return new TidewallError('source_error', `${place}: ${own}; it says: ${code.slice(0, 100)}: ${said}`, {
    detail: { code: code.slice(0, 100) },
  });
}
