import type { Clock } from '@tidewall/base';

/** Calls `late`, once, when the work is not over in time; resolves, or rejects, with the work. */
export async function inTime(clock: Clock, ms: number, work: Promise<void>, late: () => void): Promise<void> {
  let isOver = false;
  const cancel = clock.after(ms, () => {
    // When it was this process that stood still, the end of the work is next in line.
    setImmediate(() => {
      if (!isOver) late();
    });
  });
  try {
    await work;
  } finally {
    isOver = true;
    cancel();
  }
}
