import type { FrameSource } from '../frame-source.ts';

/** Frames that come when a test says so. */
export class FakeFrames implements FrameSource {
  time = 0;
  hidden = false;
  #wanted: (() => void) | undefined;
  #watchers = new Set<() => void>();

  /** Whether somebody waits for a frame. */
  get wanted(): boolean {
    return this.#wanted !== undefined;
  }

  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  request(run: () => void): () => void {
    this.#wanted = run;
    return () => {
      if (this.#wanted === run) this.#wanted = undefined;
    };
  }

  now(): number {
    return this.time;
  }

  onVisibility(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** One frame, if anybody waits for it. */
  frame(): void {
    const run = this.#wanted;
    this.#wanted = undefined;
    run?.();
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    for (const changed of this.#watchers) changed();
  }
}
