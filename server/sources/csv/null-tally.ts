interface Count {
  readonly first: string;
  count: number;
}

/** Counts cells that were not empty and are null now, to tell of all of them in a sentence. */
export class NullTally {
  readonly #counts = new Map<'not finite' | 'no number', Count>();

  add(why: 'not finite' | 'no number', cell: string, line: number, column: string): void {
    const known = this.#counts.get(why);
    if (known !== undefined) known.count += 1;
    else this.#counts.set(why, { first: `"${cell.slice(0, 40)}" in line ${line}, column "${column}"`, count: 1 });
  }

  sentences(): string[] {
    return [...this.#counts].map(([why, { first, count }]) => {
      const [one, many] = WORDS[why];
      return `${count === 1 ? `1 cell is ${one}` : `${count} cells are ${many}`}, and null here: the first is ${first}`;
    });
  }
}

const WORDS = {
  'not finite': ['NaN, infinite or an error', 'NaN, infinite or an error'],
  'no number': ['no number', 'no numbers'],
} as const;
