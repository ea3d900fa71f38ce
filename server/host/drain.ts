import type { Clock } from '@tidewall/base';
import type { Gateway, Log } from '@tidewall/contracts';
import type { Supervisor } from '@tidewall/sources';
import type { Listeners } from './http/listeners.ts';

export interface DrainOptions {
  readonly listeners: readonly Listeners[];
  readonly gateways: readonly Gateway[];
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly log: Log;
  /** Lets go of everything behind the doors. */
  release(): Promise<void>;
}

/** For the goodbyes; then what is left is cut. */
const GOODBYE_MS = 2500;
/** For each of the other steps. All of them together stay under the 5 s that service managers give. */
const STEP_MS = 1000;

/** Finishes what is under way and then closes; every step has its time, and none that fails stops the next. */
export async function drainHost(options: DrainOptions): Promise<void> {
  const { listeners, gateways, supervisor, clock, log, release } = options;
  const step = async (name: string, ms: number, work: () => Promise<unknown>): Promise<void> => {
    try {
      if (!(await within(clock, ms, work()))) log.warn({ step: name, waitedMs: ms }, 'this took too long and was left');
    } catch (failure) {
      log.error({ step: name, err: failure }, 'a step of stopping failed');
    }
  };
  const abort = new AbortController();
  const cancel = clock.after(GOODBYE_MS - 250, () => abort.abort());
  await Promise.all([
    step('goodbyes', GOODBYE_MS, () => Promise.all(gateways.map((gateway) => gateway.drain(abort.signal)))),
    step('sources', GOODBYE_MS, () => supervisor.dispose()),
  ]);
  cancel();
  // Not before: who polls asks for its last answers and its goodbye by requests, and often on connections of their own.
  const closed = Promise.all(listeners.map((each) => each.close()));
  for (const gateway of gateways) gateway.close();
  await step('requests', STEP_MS, () => closed);
  for (const each of listeners) each.cut();
  await step('release', STEP_MS, release);
}

/** Whether it was done in time. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    cancel();
  }
}
