import type { Encoding } from './decode-text.ts';

const LINE_FEED = 0x0a;
/** Bytes without the end of a line go on as they are: they are of a file that has other ones. */
const MOST_HELD = 256 * 1024;

/** Cuts bytes behind the last end of a line that there is, and holds the rest until there is more. */
export class LineCutter {
  readonly #width: 1 | 2;
  #held = Buffer.alloc(0);

  /** @param encoding of the bytes, whose first one begins a character */
  constructor(encoding: Encoding | undefined) {
    this.#width = encoding?.startsWith('utf-16') ? 2 : 1;
  }

  /** Whole lines, each chunk good until the next one is asked for; none while there is no end. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const end = this.#endOfLines(all);
    const from = end === 0 && all.length > MOST_HELD ? all.length - (all.length % this.#width) : end;
    // A copy: the chunk is written over by the next one.
    this.#held = Buffer.from(all.subarray(from));
    return all.subarray(0, from);
  }

  /** What is behind the last end of a line. */
  end(): Uint8Array {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }

  #endOfLines(bytes: Uint8Array): number {
    for (let at = bytes.lastIndexOf(LINE_FEED); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(LINE_FEED, at - 1)) {
      if (this.#width === 1) return at + 1;
      const begin = at - (at % 2);
      // The other byte of the character is a zero, before it or behind it.
      if (
        begin + 1 < bytes.length &&
        bytes[begin] === (at === begin ? LINE_FEED : 0) &&
        bytes[at === begin ? at + 1 : begin] === 0
      ) {
        return begin + 2;
      }
    }
    return 0;
  }
}
