/** Bytes that are unpacked, of which packed data repeats what came before; it has never more than is allowed. */
export class Unpacked {
  readonly #bytes: Buffer;
  readonly #exact: boolean;
  #length = 0;

  /**
   * @param length how many there will be, or `atMost` so many
   * @throws RangeError when that is more than `mostBytes`
   */
  constructor(length: number, mostBytes: number, { atMost = false }: { readonly atMost?: boolean } = {}) {
    if (length > mostBytes) throw new RangeError(`unpacked it has ${length} bytes; at most ${mostBytes} are read`);
    this.#bytes = Buffer.allocUnsafe(length);
    this.#exact = !atMost;
  }

  append(from: Buffer, at: number, length: number): void {
    if (at + length > from.length) throw new RangeError('packed data is cut off');
    this.#reserve(length);
    from.copy(this.#bytes, this.#length, at, at + length);
    this.#length += length;
  }

  /** Appends what is `back` bytes before the end, which may run into what is being appended. */
  repeat(back: number, length: number): void {
    if (back === 0 || back > this.#length) throw new RangeError('packed data repeats what is not there');
    this.#reserve(length);
    // What runs into itself doubles with each step.
    for (let done = 0; done < length; ) {
      const size = Math.min(length - done, back + done);
      const start = this.#length - back - done;
      this.#bytes.copyWithin(this.#length, start, start + size);
      this.#length += size;
      done += size;
    }
  }

  finish(): Buffer {
    if (this.#exact && this.#length !== this.#bytes.length) throw new RangeError('packed data is shorter than it says');
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): void {
    if (this.#length + length > this.#bytes.length) {
      throw new RangeError(`unpacked it has more than ${this.#bytes.length} bytes`);
    }
  }
}
