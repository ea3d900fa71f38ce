const ID_LINE = Buffer.from('\nid:');
const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * The last id that a page has once it has read these events; undefined when none of them has one. What many pages are sent
 * is looked at once.
 */
export class LastIds {
  #bytes: Uint8Array | undefined;
  #id: string | undefined;

  in(bytes: Uint8Array): string | undefined {
    if (bytes === this.#bytes) return this.#id;
    this.#bytes = bytes;
    this.#id = lastIdIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return this.#id;
  }
}

function lastIdIn(bytes: Buffer): string | undefined {
  // Data begins its lines with its own name, and stands before an id; so nothing else can look like one.
  const at = bytes.lastIndexOf(ID_LINE);
  if (at === -1) return undefined;
  const from = at + ID_LINE.length;
  return bytes.toString('utf8', bytes[from] === SPACE ? from + 1 : from, bytes.indexOf(NEWLINE, from));
}
