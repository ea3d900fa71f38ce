import { type ErrorName, TidewallError } from '@tidewall/protocol';
import type { CodeKind, FailureReason } from './messages.ts';

const KINDS: { readonly [Reason in FailureReason]: ErrorName } = {
  time: 'limit_exceeded',
  killed: 'limit_exceeded',
  memory: 'limit_exceeded',
  depth: 'limit_exceeded',
  size: 'limit_exceeded',
  pending: 'source_error',
  result: 'source_error',
  thrown: 'source_error',
  busy: 'busy',
  engine: 'internal',
};

const SUBJECTS: { readonly [Kind in CodeKind]: string } = { script: 'the script', jsonata: 'the JSONata expression' };

/** How long to wait before a call that found too many others waiting. */
const BUSY_AFTER_MS = 1000;

/** What a caller is told: `the script takes longer than 200 ms`. */
export function failureError(kind: CodeKind, reason: FailureReason, message: string): TidewallError {
  const colon = reason === 'thrown' ? ' fails: ' : ' ';
  return new TidewallError(KINDS[reason], `${SUBJECTS[kind]}${colon}${message}`, {
    detail: { reason },
    afterMs: reason === 'busy' ? BUSY_AFTER_MS : 0,
  });
}
