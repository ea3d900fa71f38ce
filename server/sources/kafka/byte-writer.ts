/** Bytes of a request, in the primitive types of Kafka's protocol. */
export class ByteWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#put(1, (bytes) => bytes.writeInt8(value));
  }

  int16(value: number): this {
    return this.#put(2, (bytes) => bytes.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#put(4, (bytes) => bytes.writeInt32BE(value));
  }

  int64(value: number): this {
    return this.#put(8, (bytes) => bytes.writeBigInt64BE(BigInt(value)));
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    return this.int16(bytes.length).raw(bytes);
  }

  bytes(bytes: Uint8Array): this {
    return this.int32(bytes.length).raw(bytes);
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #put(size: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.alloc(size);
    write(bytes);
    this.#parts.push(bytes);
    return this;
  }
}
