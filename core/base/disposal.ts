/** Something that was opened and must be closed; closing twice is harmless. */
export interface Disposable {
  dispose(): void;
}

/**
 * Owns what was opened and closes it in reverse order, going on past a step that throws.
 *
 * Adding to one that is disposed already closes the newcomer at once, so a late open cannot leak.
 */
export class Disposables implements Disposable {
  #steps: (() => void)[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Keeps `owned` for `dispose`, and returns it so that an opening reads as one expression. */
  add<T extends Disposable>(owned: T): T {
    this.defer(() => owned.dispose());
    return owned;
  }

  /** Keeps a step for `dispose`. */
  defer(step: () => void): void {
    if (this.#disposed) step();
    else this.#steps.push(step);
  }

  /** @throws AggregateError of everything that failed, after all steps ran */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) {
      try {
        step();
      } catch (failure) {
        failures.push(failure);
      }
    }
    this.#steps = [];
    if (failures.length > 0) throw new AggregateError(failures, 'some owned resources failed to close');
  }
}
