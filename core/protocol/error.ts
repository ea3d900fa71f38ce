import type { JsonObject } from '@tidewall/base';
import { ERROR_CODES, type ErrorName } from './codes.ts';

/** What a refused command carries on the wire. */
export interface ErrorBody {
  readonly code: number;
  readonly name: ErrorName;
  readonly message: string;
  readonly retryable: boolean;
  /** How long to wait before the next try; 0 when it makes no difference. */
  readonly afterMs: number;
  readonly detail: JsonObject;
}

/**
 * A failure that lies outside our own code (a peer, a limit, the network, a source), with a code from the one table.
 * The message names the thing, the value and the cure.
 */
export class TidewallError extends Error {
  override readonly name = 'TidewallError';
  readonly kind: ErrorName;
  readonly detail: JsonObject;
  readonly afterMs: number;

  constructor(
    kind: ErrorName,
    message: string,
    options: { detail?: JsonObject; afterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.detail = options.detail ?? {};
    this.afterMs = options.afterMs ?? 0;
  }

  get code(): number {
    return ERROR_CODES[this.kind].code;
  }

  toBody(): ErrorBody {
    const { code, retryable } = ERROR_CODES[this.kind];
    return { code, name: this.kind, message: this.message, retryable, afterMs: this.afterMs, detail: this.detail };
  }

  /** The error a peer sent. A code that this version does not know keeps its number in `detail.code`. */
  static fromBody(body: Partial<ErrorBody>): TidewallError {
    const known = body.name !== undefined && Object.hasOwn(ERROR_CODES, body.name);
    return new TidewallError(known ? (body.name as ErrorName) : 'internal', body.message ?? 'unknown error', {
      detail: known ? (body.detail ?? {}) : { ...body.detail, code: body.code ?? 0 },
      afterMs: body.afterMs ?? 0,
    });
  }
}
