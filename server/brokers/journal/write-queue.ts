/** Lines for the disk, and the entries that wait for them, in one order. */
export class WriteQueue<Entry> {
  #lines = '';
  #entries: Entry[] = [];
  /** Entries whose lines are being written, the first one last. */
  #taken: Entry[] = [];

  /** Length of the lines that nobody has taken yet. */
  get size(): number {
    return this.#lines.length;
  }

  /** Whether there is nothing to take. */
  get isEmpty(): boolean {
    return this.#lines === '' && this.#entries.length === 0;
  }

  /** Entries that are not settled, taken or not, in order. */
  get waiting(): Entry[] {
    return [...this.#taken.toReversed(), ...this.#entries];
  }

  add(lines: string, entry?: Entry): void {
    this.#lines += lines;
    if (entry !== undefined) this.#entries.push(entry);
  }

  /** All lines so far, to be written; their entries are taken with them. */
  take(): { readonly lines: string; readonly entries: number } {
    const lines = this.#lines;
    this.#taken = this.#entries.reverse();
    this.#entries = [];
    this.#lines = '';
    return { lines, entries: this.#taken.length };
  }

  /** The lines that were taken are written. */
  settleTaken(settle: (entry: Entry) => void): void {
    for (let entry = this.#taken.pop(); entry !== undefined; entry = this.#taken.pop()) settle(entry);
  }

  /** No lines will be written; whatever has been taken waits again. */
  dropLines(): void {
    this.#entries = this.waiting;
    this.#taken = [];
    this.#lines = '';
  }

  /** Settles every entry, also those that are added meanwhile. */
  settleAll(settle: (entry: Entry) => void): void {
    for (const entry of this.#entries) settle(entry);
    this.#entries = [];
  }
}
