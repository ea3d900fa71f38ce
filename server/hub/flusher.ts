import type { Clock } from '@tidewall/base';
import type { Log } from '@tidewall/contracts';
import type { Cohort } from './cohort.ts';
import { TickWheel } from './tick-wheel.ts';
import type { View } from './view.ts';

export interface FlusherOptions {
  readonly clock: Clock;
  readonly windowMs: number;
  readonly log: Log;
  /** Told after each flush how many frames were handed to sessions. */
  delivered(frames: number): void;
}

/** A session that is in step with not all of its views, or has only just come to be. */
export interface Loner {
  readonly id: string;
  /**
   * Takes its own part in a flush of those views, and joins a cohort once it is in step with all.
   *
   * @returns how many frames it was handed
   */
  flush(flushed: ReadonlySet<View>): number;
  end(): void;
}

/**
 * Decides when views send. The first change after quiet goes out at once, with all that comes in the same breath; after
 * that there is one flush a window, and
 * one write a session a flush, however many of its topics changed. A view with a rate is held back until its time has
 * come; then it goes with the others.
 */
export class Flusher {
  /** Sessions that take part in flushes by themselves. */
  readonly loners = new Set<Loner>();
  readonly #options: FlusherOptions;
  readonly #wheel: TickWheel<View>;
  #due = new Set<View>();
  #beganMs = Number.NEGATIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;
  #scheduled = false;
  #cancel: (() => void) | undefined;

  constructor(options: FlusherOptions) {
    this.#options = options;
    const slotMs = Math.max(1, options.windowMs);
    this.#wheel = new TickWheel(options.clock, slotMs, (views) => this.#takeDue(views));
  }

  /** Views that their rate holds back. */
  get held(): number {
    return this.#wheel.size;
  }

  /** A view has something to tell. It is never told before the caller is through. */
  changed(view: View): void {
    if (view.waiting) return;
    if (view.options.periodMs > 0 && this.#options.clock.monotonic() < view.notBeforeMs) {
      view.waiting = true;
      this.#wheel.add(view, view.notBeforeMs);
      return;
    }
    this.#due.add(view);
    this.#schedule();
  }

  /** Nobody has this view any more. */
  left(view: View): void {
    this.#due.delete(view);
    if (view.waiting) this.#wheel.delete(view, view.notBeforeMs);
    view.waiting = false;
  }

  dispose(): void {
    this.#scheduled = false;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wheel.dispose();
    this.#due.clear();
    this.loners.clear();
  }

  #takeDue(views: Iterable<View>): void {
    for (const view of views) {
      view.waiting = false;
      this.#due.add(view);
    }
    if (this.#due.size > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { clock, windowMs } = this.#options;
    const now = clock.monotonic();
    if (windowMs > 0 && now - this.#endedMs >= windowMs) {
      // Quiet until now. What arrived together goes together, so it waits for its caller to be through, and no longer.
      queueMicrotask(() => this.#flush());
    } else {
      // Always by way of the event loop: when flushes take longer than the window, what comes in meanwhile is read first.
      this.#cancel = clock.after(Math.max(0, windowMs - (now - this.#beganMs)), () => this.#flush());
    }
  }

  #flush(): void {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    this.#cancel = undefined;
    this.#beganMs = this.#options.clock.monotonic();
    this.#hand(this.#beganMs);
    this.#endedMs = this.#options.clock.monotonic();
  }

  #hand(now: number): void {
    const due = this.#due;
    this.#due = new Set();
    const touched: Cohort[] = [];
    for (const view of due) {
      const frame = this.#advance(view);
      if (frame === undefined) due.delete(view);
      if (!frame) continue;
      view.notBeforeMs = now + view.options.periodMs;
      for (const cohort of view.cohorts) if (cohort.add(frame)) touched.push(cohort);
    }
    let frames = 0;
    for (const cohort of touched) frames += this.#write(cohort);
    for (const loner of this.loners) frames += this.#serve(loner, due);
    this.#options.delivered(frames);
  }

  /** The frame for those in step; null when there is none to send, undefined when it could not be made. */
  #advance(view: View): Uint8Array | null | undefined {
    try {
      return view.advance() ?? null;
    } catch (failure) {
      const { topic, encoding } = view;
      this.#options.log.error({ err: failure, topic: topic.name, wire: encoding.name }, 'a frame could not be made');
      return undefined;
    }
  }

  #write(cohort: Cohort): number {
    const frames = cohort.waiting * cohort.members.size;
    const joined = cohort.take();
    for (const member of cohort.members) {
      try {
        member.write(joined);
      } catch (failure) {
        this.#broken(member, failure);
      }
    }
    return frames;
  }

  #serve(loner: Loner, flushed: ReadonlySet<View>): number {
    try {
      return loner.flush(flushed);
    } catch (failure) {
      this.#broken(loner, failure);
      return 0;
    }
  }

  #broken(session: { readonly id: string; end(): void }, failure: unknown): void {
    this.#options.log.error({ err: failure, session: session.id }, 'a session could not be written to');
    session.end();
  }
}
