/** Lines on their way; whoever puts more in than fits waits until somebody has taken some. */
export class LineQueue {
  readonly #limit: { readonly lines: number; readonly characters: number };
  #lines: string[] = [];
  #characters = 0;
  #ended = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(limit: { readonly lines: number; readonly characters: number }) {
    this.#limit = limit;
  }

  /** Resolves when there is room for another. */
  async put(line: string): Promise<void> {
    this.#lines.push(line);
    this.#characters += line.length;
    this.#wakeReader?.();
    while (this.#lines.length >= this.#limit.lines || this.#characters >= this.#limit.characters) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  /** All that is there, up to the bounds and at least one; undefined at the end. Waits for the first. */
  async take(lines: number, characters: number): Promise<string[] | undefined> {
    while (this.#lines.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    let count = 0;
    let size = 0;
    for (const line of this.#lines) {
      if (count > 0 && (count >= lines || size + line.length > characters)) break;
      count++;
      size += line.length;
    }
    const taken = this.#lines.slice(0, count);
    this.#lines = this.#lines.slice(count);
    this.#characters -= size;
    this.#wakeWriter?.();
    return taken;
  }
}
