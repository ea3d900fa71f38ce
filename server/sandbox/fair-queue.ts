/**
 * What waits, of several callers: each of them has its turn before any has a second one, however many it has put in. Of one
 * caller the first in is the first out.
 */
export class FairQueue<Item extends object | string> {
  /** In the order in which the callers have their turns. */
  readonly #lanes = new Map<string, Item[]>();
  #last: string | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many one caller has in it. */
  sizeOf(caller: string): number {
    return this.#lanes.get(caller)?.length ?? 0;
  }

  push(caller: string, item: Item): void {
    const lane = this.#lanes.get(caller);
    if (lane === undefined) this.#lanes.set(caller, [item]);
    else lane.push(item);
    this.#size++;
  }

  /** Takes out whoever's turn it is; undefined when nothing waits. */
  shift(): Item | undefined {
    // Who had the last turn and nothing left has come first again; all others go before.
    if (this.#last !== undefined && this.#lanes.keys().next().value === this.#last) this.#toTheEnd(this.#last);
    const [caller] = this.#lanes.keys();
    const item = caller === undefined ? undefined : this.#lanes.get(caller)?.shift();
    if (caller === undefined || item === undefined) return undefined;
    this.#last = caller;
    this.#size--;
    this.#toTheEnd(caller);
    return item;
  }

  /** To the end of the line, or out of it. */
  #toTheEnd(caller: string): void {
    const lane = this.#lanes.get(caller) ?? [];
    this.#lanes.delete(caller);
    if (lane.length > 0) this.#lanes.set(caller, lane);
  }
}
