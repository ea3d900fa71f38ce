/** What a text of PostgreSQL says of an array: its items as texts, in arrays of their own where it has dimensions. */
export type ArrayText = readonly (string | null | ArrayText)[];

/** Deeper arrays than PostgreSQL makes. */
const MOST_DIMENSIONS = 6;

/** Reads `{1,NULL,"a b"}` and `[0:1]={1,2}`; undefined when a text is no array. */
export function readArrayText(text: string): ArrayText | undefined {
  const begin = text.startsWith('[') ? text.indexOf('={') + 1 : 0;
  const reading = new ArrayReading(text, begin);
  const items = reading.items(1);
  return reading.atEnd ? items : undefined;
}

class ArrayReading {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  items(depth: number): ArrayText | undefined {
    if (this.#text[this.#at] !== '{' || depth > MOST_DIMENSIONS) return undefined;
    this.#at += 1;
    const items: (string | null | ArrayText)[] = [];
    if (this.#takes('}')) return items;
    for (;;) {
      const item = this.#item(depth);
      if (item === undefined) return undefined;
      items.push(item);
      if (this.#takes('}')) return items;
      if (!this.#takes(',')) return undefined;
    }
  }

  #item(depth: number): string | null | ArrayText | undefined {
    const char = this.#text[this.#at];
    if (char === '{') return this.items(depth + 1);
    if (char === '"') return this.#quoted();
    const start = this.#at;
    while (this.#at < this.#text.length && !',}'.includes(this.#text[this.#at] as string)) this.#at += 1;
    const bare = this.#text.slice(start, this.#at);
    return bare === 'NULL' ? null : bare;
  }

  #quoted(): string | undefined {
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at] as string;
      if (char === '"') {
        this.#at += 1;
        return text;
      }
      if (char === '\\') this.#at += 1;
      text += this.#text[this.#at] ?? '';
    }
    return undefined;
  }

  #takes(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }
}
