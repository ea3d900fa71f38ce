/** The fractional part of its multiples never clusters. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Gives each who asks another place in [0, 1), as far from those of all others as can be. */
export class Spread {
  #given = 0;

  next(): number {
    return (++this.#given * GOLDEN) % 1;
  }
}
