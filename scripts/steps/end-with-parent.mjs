/** Seldom enough to cost nothing, often enough that a port is free again soon. */
const LOOK_MS = 250;
const SIGNALS = /** @type {const} */ ({ SIGINT: 130, SIGTERM: 143 });

/**
 * Ends this process by SIGTERM when the one that started it is gone, unless it has been told to end already.
 *
 * npm runs a script in a shell, and passes signals to that shell only; most shells die of them and leave the script
 * running. Does nothing for a script that was not started by npm, and on Windows, where npm ends the whole tree.
 */
export function endWithParent() {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  look.unref();
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      clearInterval(look);
      // A listener takes away what a signal does by itself.
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
