import type { ServerResponse } from 'node:http';
import { CLOSE_CODES, type CloseName, ERROR_STATUS, TidewallError } from '@tidewall/protocol';
import { encodeBye } from '../native/index.ts';

/** What goes with every answer: it is true now and for this client. */
export const NOT_STORED = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' } as const;

/** Answers a request that is refused by itself, as the API does: a status and the error as JSON. */
export function answerError(
  response: ServerResponse,
  error: TidewallError,
  status: number = ERROR_STATUS[error.kind],
): void {
  const retry = error.afterMs > 0 && { 'retry-after': String(Math.ceil(error.afterMs / 1000)) };
  const head = { ...NOT_STORED, 'content-type': 'application/json; charset=utf-8', ...retry };
  response.writeHead(status, head).end(JSON.stringify({ error: error.toBody() }));
}

/** Answers that a session is over or cannot be: the status that says the same, and the last line of the wire. */
export function answerBye(
  response: ServerResponse,
  name: CloseName,
  reason: string,
  afterMs?: readonly [number, number],
): void {
  const retry = afterMs !== undefined && { 'retry-after': String(Math.ceil(afterMs[0] / 1000)) };
  const head = { ...NOT_STORED, 'content-type': 'application/x-ndjson; charset=utf-8', ...retry };
  response.writeHead(CLOSE_CODES[name].status, head).end(`${encodeBye(name, reason, afterMs)}\n`);
}

export function answerEmpty(response: ServerResponse, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(204, { ...NOT_STORED, ...headers }).end();
}

/** Refuses a method that is none of these. */
export function answerMethods(response: ServerResponse, path: string, methods: readonly string[]): void {
  response.setHeader('allow', methods.join(', '));
  answerError(response, new TidewallError('bad_request', `${path} takes ${methods.join(', ')}`), 405);
}
