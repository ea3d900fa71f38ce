import type { Clock } from '@tidewall/base';
import type { Sink, SourceContext } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { intervalOf, type Polling } from '@tidewall/request';
import { z } from 'zod';
import { LinkedAbort } from './linked-abort.ts';
import { Patience } from './patience.ts';
import { pause } from './pause.ts';

const DAY_MS = 86_400_000;

/** How often a source that asks does so: as often as the fastest of those who watch wants, within these bounds. */
export const pollingFields = {
  intervalMs: z
    .int()
    .min(100)
    .max(DAY_MS)
    .default(10_000)
    .describe('how often, when nobody who watches says how often'),
  minIntervalMs: z.int().min(100).max(DAY_MS).default(1_000).describe('never more often, whoever asks for it'),
  maxIntervalMs: z.int().min(100).max(DAY_MS).default(3_600_000).describe('never less often, while somebody watches'),
  timeoutMs: z.int().min(100).max(600_000).default(10_000).describe('an answer that takes longer is a failure'),
};

/** For `superRefine`: the bounds must be in order. */
export function checkPolling(polling: Polling, context: z.core.$RefinementCtx): void {
  const { intervalMs, minIntervalMs, maxIntervalMs } = polling;
  const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (minIntervalMs > maxIntervalMs) complain('minIntervalMs', `must be at most maxIntervalMs, ${maxIntervalMs}`);
  else if (intervalMs < minIntervalMs) complain('intervalMs', `must be at least minIntervalMs, ${minIntervalMs}`);
  else if (intervalMs > maxIntervalMs) complain('intervalMs', `must be at most maxIntervalMs, ${maxIntervalMs}`);
}

export interface PollOptions {
  /** Who is asked, as sentences name it. */
  readonly place: string;
  readonly polling: Polling;
  readonly context: Pick<SourceContext, 'clock' | 'pace'>;
  readonly sink: Sink;
  readonly signal: AbortSignal;
}

/** Asks once, and publishes the answer to that sink. */
export type Question = (signal: AbortSignal, sink: Sink) => Promise<void>;

/** How long what was told to stop is waited for, so that it never runs beside its successor. */
const STOP_MS = 5_000;

/**
 * Asks at once, and then again and again until `signal` aborts; never twice at the same time. A question that took longer
 * than the interval is followed by the next one after the least interval.
 *
 * @param ask its signal aborts when there is no time left; while the hub takes what came, by the sink that it is handed, no
 *   time passes: that is not the far end's fault
 * @throws what `ask` throws, and TidewallError source_error when it has taken longer than `timeoutMs`
 */
export async function poll(options: PollOptions, ask: Question): Promise<void> {
  const { polling, context, sink, signal } = options;
  const { clock } = context;
  while (!signal.aborted) {
    const begunAt = clock.monotonic();
    sink.expect(intervalOf(polling, context.pace));
    await inTime(clock, polling.timeoutMs, options, ask);
    await untilDue(options, begunAt);
  }
}

async function inTime(
  clock: Clock,
  timeoutMs: number,
  { place, signal, sink }: Pick<PollOptions, 'place' | 'signal' | 'sink'>,
  ask: Question,
): Promise<void> {
  const within = new LinkedAbort(signal);
  const patience = new Patience(clock, timeoutMs, () => within.abort());
  const asking = ask(within.signal, patience.around(sink));
  try {
    await Promise.race([asking, aborted(within.signal)]);
  } catch (failure) {
    if (!within.signal.aborted) throw failure;
  } finally {
    patience.end();
    within.letGo();
  }
  if (!within.signal.aborted) return;
  const ended = new AbortController();
  await Promise.race([asking.catch(() => {}), pause(clock, STOP_MS, ended.signal)]);
  ended.abort();
  if (signal.aborted) return;
  const message = `${place} did not answer within ${timeoutMs} ms: ask it for less, or raise timeoutMs`;
  throw new TidewallError('source_error', message);
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** Until the next question, which comes sooner or later when those who watch want another pace. */
async function untilDue({ polling, context, sink, signal }: PollOptions, begunAt: number): Promise<void> {
  const { clock, pace } = context;
  const endedAt = clock.monotonic();
  let told = intervalOf(polling, pace);
  while (!signal.aborted) {
    const interval = intervalOf(polling, pace);
    if (interval !== told) sink.expect(interval);
    told = interval;
    const dueAt = endedAt - begunAt < interval ? begunAt + interval : endedAt + polling.minIntervalMs;
    const waitMs = dueAt - clock.monotonic();
    if (waitMs <= 0) return;
    const changed = new LinkedAbort(signal);
    const stop = pace.onChange(() => changed.abort());
    await pause(clock, waitMs, changed.signal);
    stop();
    changed.letGo();
  }
}
