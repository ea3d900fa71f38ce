import type { Meter } from '@tidewall/contracts';
import { ERROR_STATUS, type ErrorBody, type ErrorName, TidewallError } from '@tidewall/protocol';
import type { FastifyError } from 'fastify';

/** A failure as an HTTP answer. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: ErrorBody };
}

/** The answer to a request that failed; what is not an error of ours says nothing of our insides. */
export function errorAnswer(failure: TidewallError, status: number = ERROR_STATUS[failure.kind]): ErrorAnswer {
  const headers: Record<string, string> =
    failure.afterMs > 0 ? { 'retry-after': String(Math.ceil(failure.afterMs / 1000)) } : {};
  return { status, headers, body: { error: failure.toBody() } };
}

/** What any thrown value means to the one who asked; undefined when it is a fault of ours, to be logged. */
export function asRefusal(failure: unknown, bodyLimit: string): TidewallError | undefined {
  if (failure instanceof TidewallError) return failure;
  const { code, statusCode } = failure as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new TidewallError('limit_exceeded', `the body is larger than ${bodyLimit}`);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new TidewallError('bad_request', failure instanceof Error ? failure.message : 'the request is malformed');
  }
  return undefined;
}

/** What is said of a fault of ours; the log has the rest. */
export function internalError(cause: unknown): TidewallError {
  return new TidewallError('internal', 'the server failed; its log says why', { cause });
}

/** Counts what was refused or failed by its error, for each request and each line of a body. */
export function countError(meter: Meter, route: string, name: ErrorName): void {
  meter.counter('tidewall_http_errors_total', 'Requests and lines refused', ['route', 'name']).add(1, { route, name });
}
