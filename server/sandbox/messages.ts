import type { SandboxLimits } from './limits.ts';

/** What is run: the body of a function of `data`, or a JSONata expression. */
export type CodeKind = 'script' | 'jsonata';

/** One call, as the thread is told of it. Nothing but text goes over, so that nothing has to be cloned that is hostile. */
export interface Call {
  readonly kind: CodeKind;
  readonly code: string;
  /** JSON. */
  readonly data: string;
  readonly limits: Pick<SandboxLimits, 'softMs' | 'memoryBytes' | 'resultLength'>;
}

/** Why a call failed; each is counted apart. */
export const FAILURES = [
  /** It took too long, and was interrupted. */
  'time',
  /** It took too long, could not be interrupted, and was ended with its thread. */
  'killed',
  'memory',
  /** It calls itself, or nests, too deeply. */
  'depth',
  /** Too much came out, or would have gone in. */
  'size',
  /** It waits for something that cannot come. */
  'pending',
  /** What came out is no JSON. */
  'result',
  /** It threw, or is no program at all. */
  'thrown',
  /** Too many calls wait. */
  'busy',
  /** The engine itself failed. */
  'engine',
] as const;

export type FailureReason = (typeof FAILURES)[number];

/** How a call ended. */
export type Outcome =
  | { readonly json: string; readonly ms: number }
  | { readonly failure: FailureReason; readonly message: string; readonly ms: number };
