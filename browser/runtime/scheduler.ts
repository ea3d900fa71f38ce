import { type Clock, systemClock } from '@tidewall/base';
import { browserFrames, type FrameSource } from './frame-source.ts';

/** Something that draws itself when it is told to. */
export interface FrameTask {
  /** Draws what there is now. Called at most once a frame, only while `visible`. */
  run(): void;
  readonly visible: boolean;
}

export interface SchedulerOptions {
  /** The server's clock, ms since 1970, to whose seconds `everySecond` is aligned. */
  serverNow(): number;
  readonly frames?: FrameSource;
  /** Only its `after` is used. */
  readonly clock?: Pick<Clock, 'after'>;
  /** Hears what a task throws; a task that throws stops no other. */
  readonly failed?: (failure: unknown) => void;
}

/** Drawing stops for this frame once it has taken this long: half of a 60 Hz frame is left to the browser. */
export const FRAME_BUDGET_MS = 8;

// A timer may be early by the difference of two clocks; aiming a little past the second keeps it behind it.
const PAST_THE_SECOND_MS = 5;

/**
 * Decides who draws in which frame. A frame is only asked for when something visible is dirty and the page is shown;
 * tasks run in the order in which they became dirty until the budget is spent, the rest in the next frame. A task that
 * becomes dirty again before its turn keeps its place and draws once.
 */
export class Scheduler {
  readonly #serverNow: () => number;
  readonly #frames: FrameSource;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #failed: (failure: unknown) => void;
  readonly #dirty = new Set<FrameTask>();
  readonly #seconds = new Set<FrameTask>();
  readonly #unwatch: () => void;
  #cancelFrame: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #disposed = false;

  constructor(options: SchedulerOptions) {
    this.#serverNow = options.serverNow;
    this.#frames = options.frames ?? browserFrames();
    this.#clock = options.clock ?? systemClock;
    this.#failed = options.failed ?? ((failure) => reportError(failure));
    this.#unwatch = this.#frames.onVisibility(() => this.#visibilityChanged());
  }

  /** Whether nobody can see the page. */
  get hidden(): boolean {
    return this.#frames.hidden;
  }

  /** Calls back when `hidden` changes, until the returned function is called. */
  onVisibility(changed: () => void): () => void {
    return this.#frames.onVisibility(changed);
  }

  /** ms that never jump back, for durations within the page. */
  now(): number {
    return this.#frames.now();
  }

  /** Marks a task dirty. One that is not visible keeps its mark, and draws when it is marked again as visible. */
  draw(task: FrameTask): void {
    if (this.#disposed) return;
    this.#dirty.add(task);
    if (task.visible) this.#askForFrame();
  }

  /** Takes the mark away. */
  forget(task: FrameTask): void {
    this.#dirty.delete(task);
  }

  /** Calls `run` in the first frame of each second of the server's clock while `visible()`; ends when called back. */
  everySecond(run: () => void, visible: () => boolean = () => true): () => void {
    const task: FrameTask = {
      run,
      get visible() {
        return visible();
      },
    };
    this.#seconds.add(task);
    this.#armTick();
    return () => {
      this.#seconds.delete(task);
      this.forget(task);
      if (this.#seconds.size === 0) this.#stopTick();
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#unwatch();
    this.#stopFrame();
    this.#stopTick();
    this.#dirty.clear();
    this.#seconds.clear();
  }

  #askForFrame(): void {
    if (this.#disposed || this.#frames.hidden) return;
    this.#cancelFrame ??= this.#frames.request(() => this.#frame());
  }

  #frame(): void {
    this.#cancelFrame = undefined;
    const start = this.#frames.now();
    let drawn = 0;
    // A copy: a task that becomes dirty while it draws waits for the next frame instead of starving the others.
    for (const task of [...this.#dirty]) {
      if (!task.visible || !this.#dirty.has(task)) continue;
      // The first always runs, so that one slow task makes the page slow and not dead.
      if (drawn > 0 && this.#frames.now() - start >= FRAME_BUDGET_MS) break;
      this.#dirty.delete(task);
      drawn++;
      try {
        task.run();
      } catch (failure) {
        this.#failed(failure);
      }
    }
    this.#goOn();
  }

  #goOn(): void {
    for (const task of this.#dirty) {
      if (!task.visible) continue;
      this.#askForFrame();
      return;
    }
  }

  #visibilityChanged(): void {
    if (this.#frames.hidden) {
      this.#stopFrame();
      this.#stopTick();
    } else if (!this.#disposed) {
      this.#goOn();
      if (this.#seconds.size > 0) this.#tick();
    }
  }

  #armTick(): void {
    if (this.#disposed || this.#frames.hidden || this.#seconds.size === 0) return;
    this.#cancelTick ??= this.#clock.after(1000 - (this.#serverNow() % 1000) + PAST_THE_SECOND_MS, () => this.#tick());
  }

  #tick(): void {
    this.#stopTick();
    for (const task of this.#seconds) this.draw(task);
    this.#armTick();
  }

  #stopFrame(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
  }

  #stopTick(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }
}
