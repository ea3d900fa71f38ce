import type { Outlet } from '@tidewall/contracts';

/** The time in which an outlet that is full has taken nothing at all. */
export class Stall {
  #sinceMs: number;
  #takenBytes: number;

  constructor(now: number, outlet: Outlet) {
    this.#sinceMs = now;
    this.#takenBytes = outlet.takenBytes();
  }

  /** How long it is, ms; 0 when something was taken since this was asked last. */
  lastsMs(now: number, outlet: Outlet): number {
    const takenBytes = outlet.takenBytes();
    if (takenBytes !== this.#takenBytes) [this.#sinceMs, this.#takenBytes] = [now, takenBytes];
    return now - this.#sinceMs;
  }
}
