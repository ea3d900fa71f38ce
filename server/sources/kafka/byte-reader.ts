/** Reads the primitive types of Kafka's protocol. Whatever the bytes say, it reads none that are not there. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#step(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#step(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#step(4));
  }

  /** Exact up to 2 ** 53, which no offset or time reaches. */
  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#step(8)));
  }

  /** A number that is packed: zigzag, seven bits a byte. Exact up to 2 ** 52. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#step(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new RangeError('a number has more than ten bytes');
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.take(length).toString('utf8');
  }

  bytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.take(length);
  }

  /** As `bytes`, with its length as a `varint`. */
  varbytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.take(length);
  }

  /** None for the array that is not there. */
  array<Item>(read: () => Item): Item[] {
    const count = this.int32();
    // Each item has a byte at least: what says otherwise is no array.
    if (count > this.left) throw new RangeError(`${count} items are announced where ${this.left} bytes are left`);
    const items: Item[] = [];
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }

  take(length: number): Buffer {
    const from = this.#step(length);
    return this.#bytes.subarray(from, from + length);
  }

  #step(length: number): number {
    const at = this.#at;
    if (length < 0 || at + length > this.#bytes.length)
      throw new RangeError(`${length} bytes are due where ${this.left} are left`);
    this.#at += length;
    return at;
  }
}
