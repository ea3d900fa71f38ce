/** How two values of a window are put together; the order of three must not matter. */
export type Combine = (a: number, b: number) => number;

interface Entry {
  readonly place: number;
  readonly value: number;
  /** This one and all below it in its stack, put together. */
  readonly all: number;
}

/**
 * What the values of a moving window make, in constant time each, whatever the window's size. Two stacks are a queue: so
 * nothing ever has to be taken out of a sum, and no rounding error stays behind.
 */
export class Sliding {
  readonly #combine: Combine;
  #oldest: Entry[] = [];
  #newest: Entry[] = [];

  constructor(combine: Combine) {
    this.#combine = combine;
  }

  get size(): number {
    return this.#oldest.length + this.#newest.length;
  }

  /** @param place where in the data, not before the last one */
  push(place: number, value: number): void {
    put(this.#newest, place, value, this.#combine);
  }

  /** Lets go of everything up to a place. */
  dropThrough(place: number): void {
    for (;;) {
      if (this.#oldest.length === 0) {
        for (let at = this.#newest.length - 1; at >= 0; at--) {
          const { place: old, value } = this.#newest[at] as Entry;
          put(this.#oldest, old, value, this.#combine);
        }
        this.#newest = [];
      }
      const oldest = this.#oldest.at(-1);
      if (oldest === undefined || oldest.place > place) return;
      this.#oldest.pop();
    }
  }

  /** All that is in the window, put together; undefined when nothing is. */
  value(): number | undefined {
    const old = this.#oldest.at(-1)?.all;
    const young = this.#newest.at(-1)?.all;
    if (old === undefined || young === undefined) return old ?? young;
    return this.#combine(old, young);
  }
}

function put(stack: Entry[], place: number, value: number, combine: Combine): void {
  const below = stack.at(-1);
  stack.push({ place, value, all: below === undefined ? value : combine(below.all, value) });
}
