/** Wire types of protobuf. */
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;

/** A varint has so many bytes at most. */
const MOST_VARINT_BYTES = 10;
const BIT_28 = 2 ** 28;

/**
 * A place in a message of protobuf. Whatever is broken sets `broken` once and for all and reads as 0: a body may be full of
 * it, and throwing would cost far more than reading.
 */
export class WireReader {
  readonly bytes: Buffer;
  at = 0;
  end: number;
  broken = false;
  /** Of the field whose tag was read last. */
  field = 0;
  type = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** From now on only this part is read. */
  enter(start: number, end: number): void {
    this.at = start;
    this.end = end;
    this.broken = false;
  }

  /** Reads the next tag; false at the end, and when something is broken. */
  next(): boolean {
    if (this.at >= this.end || this.broken) return false;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.type = tag & 7;
    if (this.field === 0) this.broken = true;
    return !this.broken;
  }

  /** A number without a sign, exact below 2^53. */
  varint(): number {
    const { bytes } = this;
    let value = 0;
    let factor = 1;
    for (let i = 0; i < MOST_VARINT_BYTES && this.at < this.end; i++) {
      const byte = bytes[this.at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    this.broken = true;
    return 0;
  }

  /** A number of 64 bits with a sign, as near as a double comes. */
  int64(): number {
    const start = this.at;
    const value = this.varint();
    if (this.at - start < MOST_VARINT_BYTES || this.broken) return value;
    // Nothing but a negative one takes ten bytes.
    let exact = 0n;
    for (let i = 0; i < MOST_VARINT_BYTES; i++) {
      exact |= BigInt((this.bytes[start + i] as number) & 0x7f) << BigInt(7 * i);
    }
    return Number(BigInt.asIntN(64, exact));
  }

  /** Reads the length of what follows. @returns where that ends */
  delimited(): number {
    const length = this.varint();
    const end = this.at + length;
    if (length >= BIT_28 || end > this.end) this.broken = true;
    return this.broken ? this.at : end;
  }

  /** Passes over the value of the field whose tag was read. */
  skip(): void {
    switch (this.type) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.#pass(8);
        return;
      case DELIMITED:
        this.at = this.delimited();
        return;
      case FIXED32:
        this.#pass(4);
        return;
      default:
        // Groups are not written by anybody any more.
        this.broken = true;
    }
  }

  #pass(count: number): void {
    if (this.at + count > this.end) this.broken = true;
    else this.at += count;
  }
}
