import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import type { Subscriber } from './subscription.ts';
import type { View } from './view.ts';

export interface FlusherOptions {
  readonly clock: Clock;
  readonly windowMs: number;
  readonly log: Log;
  /** Told after each flush how many frames were handed to sessions. */
  delivered(frames: number): void;
}

/**
 * Decides when views send. The first change after quiet goes out at once; after that there is one flush a window, and
 * one write a session a flush, however many of its topics changed.
 */
export class Flusher {
  readonly #options: FlusherOptions;
  #changed = new Set<View>();
  #lastMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  changed(view: View): void {
    this.#changed.add(view);
    if (this.#cancel) return;
    const { clock, windowMs } = this.#options;
    const waitMs = windowMs - (clock.monotonic() - this.#lastMs);
    if (waitMs <= 0 && windowMs > 0) this.#flush();
    else this.#cancel = clock.after(Math.max(0, waitMs), () => this.#flush());
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#changed.clear();
  }

  #flush(): void {
    this.#cancel = undefined;
    this.#lastMs = this.#options.clock.monotonic();
    const views = this.#changed;
    this.#changed = new Set();
    const touched = new Set<Subscriber>();
    let frames = 0;
    for (const view of views) {
      frames += view.flush(touched, (failure) => {
        const { topic, encoding } = view;
        this.#options.log.error({ err: failure, topic: topic.name, wire: encoding.name }, 'a frame could not be made');
      });
    }
    for (const session of touched) {
      try {
        session.flush();
      } catch (failure) {
        this.#options.log.error({ err: failure, session: session.id }, 'a session could not be written to');
        session.end();
      }
    }
    this.#options.delivered(frames);
  }
}
