/**
 * A run of consecutively numbered items of which only the newest are kept; reading by number and dropping the oldest
 * are O(1). Numbers never repeat: the item pushed n-th has the number `start + n`, whatever has been dropped since.
 */
export class Ring<T> {
  #items: (T | undefined)[] = [];
  #dropped = 0;
  #first: number;

  /** @param start the number of the first item that will be pushed */
  constructor(start: number) {
    this.#first = start;
  }

  /** The number of the oldest item kept; equal to `end` when nothing is. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next pushed item will have. */
  get end(): number {
    return this.#first + this.length;
  }

  get length(): number {
    return this.#items.length - this.#dropped;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item with this number, or undefined when it is dropped or not there yet. */
  at(number: number): T | undefined {
    if (number < this.#first) return undefined;
    return this.#items[this.#dropped + (number - this.#first)];
  }

  /** Drops the oldest item and returns it; undefined when there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#dropped];
    this.#items[this.#dropped] = undefined;
    this.#dropped += 1;
    this.#first += 1;
    // Array.shift on a long array moves every item; cutting once half is dead makes it O(1) over time.
    if (this.#dropped > 32 && this.#dropped * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#dropped);
      this.#dropped = 0;
    }
    return item;
  }
}
