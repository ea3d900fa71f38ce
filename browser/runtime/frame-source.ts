/** Where frames come from; a test makes its own. */
export interface FrameSource {
  /** Calls `run` once, before the next picture; the returned function cancels it. */
  request(run: () => void): () => void;
  /** ms that never jump back. */
  now(): number;
  /** Whether nobody can see the page. */
  readonly hidden: boolean;
  /** Calls back when `hidden` changes, until the returned function is called. */
  onVisibility(changed: () => void): () => void;
}

/** The frames of this page. */
export function browserFrames(): FrameSource {
  return {
    request(run) {
      const frame = requestAnimationFrame(run);
      return () => cancelAnimationFrame(frame);
    },
    now: () => performance.now(),
    get hidden() {
      return document.hidden;
    },
    onVisibility(changed) {
      document.addEventListener('visibilitychange', changed);
      return () => document.removeEventListener('visibilitychange', changed);
    },
  };
}
