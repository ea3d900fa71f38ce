import type { Clock } from '@tidewall/base';

/**
 * Calls back what is due, together with everything else that is due at about the same time: one timer for all, with
 * slots of `slotMs`. Nothing is called before its time.
 */
export class TickWheel<T> {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly #due: (items: Iterable<T>) => void;
  readonly #slots = new Map<number, Set<T>>();
  #nextSlot = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, slotMs: number, due: (items: Iterable<T>) => void) {
    this.#clock = clock;
    this.#slotMs = slotMs;
    this.#due = due;
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const items of this.#slots.values()) size += items.size;
    return size;
  }

  /** @param atMs on the monotonic clock */
  add(item: T, atMs: number): void {
    const slot = Math.ceil(atMs / this.#slotMs);
    const items = this.#slots.get(slot);
    if (items) items.add(item);
    else this.#slots.set(slot, new Set([item]));
    if (slot < this.#nextSlot) this.#sleepUntil(slot);
  }

  /** @param atMs when it was to be called back */
  delete(item: T, atMs: number): void {
    const slot = Math.ceil(atMs / this.#slotMs);
    const items = this.#slots.get(slot);
    if (items?.delete(item) && items.size === 0) this.#slots.delete(slot);
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#slots.clear();
    this.#nextSlot = Number.POSITIVE_INFINITY;
  }

  #sleepUntil(slot: number): void {
    this.#nextSlot = slot;
    this.#cancel?.();
    const waitMs = Math.max(0, slot * this.#slotMs - this.#clock.monotonic());
    this.#cancel = this.#clock.after(waitMs, () => this.#tick());
  }

  #tick(): void {
    this.#cancel = undefined;
    // A timer may fire a fraction early: its own slot is due in any case.
    const now = Math.max(this.#nextSlot, Math.floor(this.#clock.monotonic() / this.#slotMs));
    let next = Number.POSITIVE_INFINITY;
    const due: T[] = [];
    for (const [slot, items] of this.#slots) {
      if (slot > now) next = Math.min(next, slot);
      else {
        this.#slots.delete(slot);
        due.push(...items);
      }
    }
    this.#nextSlot = Number.POSITIVE_INFINITY;
    if (next < Number.POSITIVE_INFINITY) this.#sleepUntil(next);
    this.#due(due);
  }
}
