/** Notices a client that takes nothing at all of what waits for it. */
export class Progress {
  #takenBytes = 0;
  #movedAt: number;

  constructor(now: number) {
    this.#movedAt = now;
  }

  /** Milliseconds without any progress, as far as it was looked; 0 while nothing waits. */
  stillMs(now: number, takenBytes: number, congested: boolean): number {
    if (takenBytes !== this.#takenBytes || !congested) this.#movedAt = now;
    this.#takenBytes = takenBytes;
    return now - this.#movedAt;
  }
}
