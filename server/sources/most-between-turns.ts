import { setImmediate } from 'node:timers/promises';

/**
 * The most that `count` grew between two turns of the event loop while that work went on, which starts with a count of 0.
 * What one turn of ours sees may be two of the work's, since they need not come in the same order. Tests only.
 */
export async function mostBetweenTurns(work: Promise<unknown>, count: () => number): Promise<number> {
  let over = false;
  const end = () => {
    over = true;
  };
  work.then(end, end);
  let most = 0;
  for (let before = 0; !over; ) {
    await setImmediate();
    const now = count();
    most = Math.max(most, now - before);
    before = now;
  }
  await work;
  return most;
}
