import { isJsonObject, type JsonObject } from '@tidewall/base';
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
    super(message, options);
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

  /**
   * The error that a peer sent, whatever a stranger has put there. A code that this version does not know keeps its number
   * in `detail.code`.
   */
  static fromBody(body: unknown): TidewallError {
    const { name, message, afterMs, detail, code } = (body ?? {}) as Readonly<Record<keyof ErrorBody, unknown>>;
    const known = typeof name === 'string' && Object.hasOwn(ERROR_CODES, name);
    const given = isJsonObject(detail) ? detail : {};
    return new TidewallError(
      known ? (name as ErrorName) : 'internal',
      typeof message === 'string' ? message : 'unknown error',
      {
        detail: known ? given : { ...given, code: typeof code === 'number' ? code : 0 },
        afterMs: typeof afterMs === 'number' ? afterMs : 0,
      },
    );
  }
}
