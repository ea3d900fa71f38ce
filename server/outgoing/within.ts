import { TidewallError } from '@tidewall/protocol';

export interface WithinOptions {
  readonly timeoutMs: number;
  readonly host: string;
  readonly signal: AbortSignal | undefined;
}

/** What is asked, or a sentence when it takes too long; whoever aborts gets his own reason back at once. */
export async function within<Answer>(
  asked: Promise<Answer>,
  { timeoutMs, host, signal }: WithinOptions,
): Promise<Answer> {
  let stop = () => {};
  const over = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      reject(new TidewallError('source_error', `${host} cannot be found within ${timeoutMs} ms`));
    }, timeoutMs);
    const abort = () => reject(signal?.reason as Error);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([asked, over]);
  } finally {
    stop();
    asked.catch(() => {});
  }
}
