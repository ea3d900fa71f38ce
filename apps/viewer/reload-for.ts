/** A page that is no better after it was loaded again is left alone for this long. */
export const RELOAD_AGAIN_MS = 600_000;

/** What is used of a window. */
interface Window {
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem'>;
  readonly location: { reload(): void };
}

/**
 * Loads the page again since its policy keeps it from an origin that the server tells it to ask: the source was made when
 * the page was there already, and a wall has nobody who would do it. Never twice within ten minutes for one origin.
 */
export function reloadFor(origin: string, { sessionStorage, location }: Window, now = Date.now()): void {
  const name = `tidewall.reloaded ${origin}`;
  try {
    const before = Number(sessionStorage.getItem(name) ?? 0);
    if (Math.abs(now - before) < RELOAD_AGAIN_MS) return;
    sessionStorage.setItem(name, String(now));
  } catch {
    // Where nothing can be remembered, it could go round in a circle.
    return;
  }
  location.reload();
}
