import { TidewallError } from '@tidewall/protocol';

/**
 * Why a sign-in at a provider came to nothing, for whoever sits at the browser; the pages have a sentence with a cure for each.
 * `elsewhere`: it was not begun in this browser, or too long ago. `used`: its answer was used before. `denied`: the provider says
 * no. `answer`: the provider says what cannot be taken. `unreachable`: it cannot be asked. `busy`: too many at once.
 */
export const SIGN_IN_REASONS = ['elsewhere', 'used', 'denied', 'answer', 'unreachable', 'busy'] as const;
export type SignInReason = (typeof SIGN_IN_REASONS)[number];

const KINDS = {
  elsewhere: 'unauthenticated',
  used: 'unauthenticated',
  denied: 'permission_denied',
  answer: 'unauthenticated',
  unreachable: 'busy',
  busy: 'busy',
} as const;

/** @param message for whoever runs the server: the provider, what was wrong, and the cure; nothing that is secret */
export function signInRefusal(reason: SignInReason, message: string, cause?: unknown): TidewallError {
  return new TidewallError(KINDS[reason], message, { detail: { reason }, ...(cause !== undefined && { cause }) });
}

/** Why a sign-in was refused; undefined when that is not what has failed. */
export function signInReasonOf(failure: unknown): SignInReason | undefined {
  const reason = failure instanceof TidewallError ? failure.detail['reason'] : undefined;
  return SIGN_IN_REASONS.find((known) => known === reason);
}
