const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Longest line, in bytes, where nobody says otherwise. */
export const MAX_LINE_BYTES = 64 * 1024;

/**
 * Makes lines of text out of chunks of bytes. A character that is split over two chunks arrives whole, `\r\n` ends a
 * line as `\n` does, and of a line that is too long nothing arrives: it is told once and passed over to its end.
 */
export class LineSplitter {
  readonly #overlong: () => void;
  readonly #mostBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #skipping = false;

  /** @param overlong called for each line of more than so many bytes */
  constructor(overlong: () => void, mostBytes = MAX_LINE_BYTES) {
    this.#overlong = overlong;
    this.#mostBytes = mostBytes;
  }

  /** The lines that this chunk ends. */
  *push(chunk: Buffer): Generator<string, void> {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      this.#keep(chunk.subarray(from, end));
      from = end + 1;
      yield* this.#line();
    }
    this.#keep(chunk.subarray(from));
  }

  /** The last line, when nothing ended it. */
  *end(): Generator<string, void> {
    if (this.#bytes > 0 || this.#skipping) yield* this.#line();
  }

  #keep(part: Buffer): void {
    if (part.length === 0 || this.#skipping) return;
    this.#bytes += part.length;
    // The carriage return of a longest line is none of its bytes, and may be a chunk later than the rest.
    if (this.#bytes > this.#mostBytes + 1) {
      this.#forget();
      this.#skipping = true;
    } else {
      this.#parts.push(part);
    }
  }

  *#line(): Generator<string, void> {
    const whole = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
    const line = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    const overlong = this.#skipping || line.length > this.#mostBytes;
    this.#forget();
    this.#skipping = false;
    if (overlong) this.#overlong();
    else yield line.toString('utf8');
  }

  #forget(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
