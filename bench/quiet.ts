import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { passing } from './contender.ts';

/** A name in the kernel's own space: it is free again when the process that took it ends, however it ends. */
const LOCK = '\0tidewall-bench';
const RETRY_MS = 200;
const LOOK_MS = 300;
/** Cores in use by others; less than this is a machine at rest. */
const AT_REST = 0.15;

/** Waits until no other benchmark measures on this machine, and keeps others waiting until the result is called. */
export async function takeTurn(): Promise<() => void> {
  if (process.platform !== 'linux') return () => {};
  for (let told = false; ; told = true) {
    const lock = createServer();
    const taken = once(lock.listen(LOCK), 'listening').then(
      () => true,
      () => false,
    );
    if (await taken) return () => void lock.close();
    if (!told) console.log('another benchmark measures on this machine; waiting for it …');
    await passing(RETRY_MS);
  }
}

/** Waits, for so long at most, until the machine does little else. */
export async function awaitRest(patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until) {
    const before = busyTicks();
    await passing(LOOK_MS);
    if ((busyTicks() - before) / 100 / (LOOK_MS / 1000) < AT_REST) return;
  }
}

/** Ticks of a hundredth of a second that all cores have worked. */
function busyTicks(): number {
  if (process.platform !== 'linux') return 0;
  const [, user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = readFileSync('/proc/stat', 'utf8')
    .slice(0, 200)
    .split(/\s+/)
    .map(Number);
  return user + nice + system + interrupts + softInterrupts;
}
