/** Publications a second, averaged over about the last minute; costs two numbers and one `exp` a publication. */
export class RateMeter {
  #perSecond = 0;
  #updatedMs: number;

  constructor(nowMs: number) {
    this.#updatedMs = nowMs;
  }

  count(nowMs: number): void {
    this.#perSecond = this.read(nowMs) + 1 / WINDOW_S;
    this.#updatedMs = nowMs;
  }

  read(nowMs: number): number {
    return this.#perSecond * Math.exp(-(nowMs - this.#updatedMs) / 1000 / WINDOW_S);
  }
}

const WINDOW_S = 60;
