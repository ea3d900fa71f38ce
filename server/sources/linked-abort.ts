/**
 * A controller that aborts with a longer-lived signal, until it is let go. In place of `AbortSignal.any`, which in Node 20
 * keeps what it made for as long as the longer-lived signal lives (nodejs/node#54614).
 */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #follow = () => this.#controller.abort(this.#parent.reason);

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#follow();
    else parent.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Nothing of it stays with the longer-lived signal. */
  letGo(): void {
    this.#parent.removeEventListener('abort', this.#follow);
  }
}
