import { crc32 } from 'node:zlib';

/*
 * A file of the journal is a run of frames, each written at once:
 *
 *   =0000002f 8a3b91c4⏎   length of the lines in bytes, and the CRC-32 of that length and the lines, in hexadecimal
 *   …⏎                    lines of text in UTF-8; none of them starts with = or ~
 *   ~⏎                    the end, by which a frame that is damaged is told from one that is torn
 */

const HEAD_BYTES = 19;
const LENGTH_BYTES = 9;
const END = '~\n';
const END_BYTES = 2;
const HEAD = /^=([0-9a-f]{8}) ([0-9a-f]{8})\n$/;
const EQUALS = 0x3d;
/** As many as are asked for at once while a file is read. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes of one frame. @param lines whole lines, each with its line feed */
export function encodeFrame(lines: string): Buffer {
  const length = Buffer.byteLength(lines);
  const frame = Buffer.allocUnsafe(HEAD_BYTES + length + END_BYTES);
  frame.write(`=${hex(length)} `, 0, 'latin1');
  frame.write(lines, HEAD_BYTES, 'utf8');
  frame.write(`${hex(checksum(frame, length))}\n`, LENGTH_BYTES + 1, 'latin1');
  frame.write(END, HEAD_BYTES + length, 'latin1');
  return frame;
}

/** What stands at a place of a file. */
export type Piece =
  | { readonly type: 'frame'; readonly at: number; readonly bytes: number; readonly lines: Buffer }
  /** Whole frames once, but not what was written. */
  | { readonly type: 'damage'; readonly at: number; readonly bytes: number }
  /** The beginning of a frame, at the end of the file: its write was cut short. */
  | { readonly type: 'torn'; readonly at: number; readonly bytes: number };

/** Where the bytes come from; as `FileHandle.read`. */
export interface ByteReader {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/**
 * All pieces of the first `size` bytes of a file, in order. After damage it goes on at the next frame that is whole.
 */
export async function* readFrames(file: ByteReader, size: number): AsyncGenerator<Piece, void> {
  const view = new FileView(file, size);
  for (;;) {
    await view.fill(HEAD_BYTES);
    if (view.bytes.length === 0) return;
    const at = view.at;
    const length = frameLength(view.bytes, 0);
    if (length !== undefined) await view.fill(HEAD_BYTES + length + END_BYTES);
    if (length !== undefined && isWhole(view.bytes, 0, length)) {
      const bytes = HEAD_BYTES + length + END_BYTES;
      yield { type: 'frame', at, bytes, lines: view.bytes.subarray(HEAD_BYTES, HEAD_BYTES + length) };
      view.skip(bytes);
      continue;
    }
    await view.fill(Number.POSITIVE_INFINITY);
    const next = nextFrame(view.bytes, 1);
    const bytes = next ?? view.bytes.length;
    // A write that was cut short has not come to the end that its head announces, nor to what every frame ends with.
    const isCut = next === undefined && !hasLength(view.bytes, length) && !endsLikeFrame(view.bytes);
    yield { type: isCut ? 'torn' : 'damage', at, bytes };
    view.skip(bytes);
  }
}

/** The part of a file from one place on, as far as it has been read. */
class FileView {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  readonly #file: ByteReader;
  readonly #size: number;

  constructor(file: ByteReader, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Reads on until there are that many bytes, or the file ends. */
  async fill(wanted: number): Promise<void> {
    const left = this.#size - this.at - this.bytes.length;
    if (this.bytes.length >= wanted || left <= 0) return;
    // Never more than there is: a damaged length may ask for anything.
    const length = Math.min(left, Math.max(CHUNK_BYTES, wanted - this.bytes.length));
    const read = Buffer.allocUnsafe(this.bytes.length + length);
    let end = this.bytes.copy(read);
    while (end < read.length) {
      const { bytesRead } = await this.#file.read(read, end, read.length - end, this.at + end);
      if (bytesRead === 0) break;
      end += bytesRead;
    }
    this.bytes = read.subarray(0, end);
  }

  skip(bytes: number): void {
    this.bytes = this.bytes.subarray(bytes);
    this.at += bytes;
  }
}

/** The length that the head of a frame says; undefined when there is no head. */
function frameLength(bytes: Buffer, from: number): number | undefined {
  if (bytes[from] !== EQUALS) return undefined;
  const head = HEAD.exec(bytes.toString('latin1', from, from + HEAD_BYTES));
  return head?.[1] === undefined ? undefined : Number.parseInt(head[1], 16);
}

function isWhole(bytes: Buffer, from: number, length: number): boolean {
  const end = from + HEAD_BYTES + length;
  if (bytes.length < end + END_BYTES || bytes.toString('latin1', end, end + END_BYTES) !== END) return false;
  const frame = bytes.subarray(from, end);
  return frame.toString('latin1', LENGTH_BYTES + 1, HEAD_BYTES - 1) === hex(checksum(frame, length));
}

function hasLength(bytes: Buffer, length: number | undefined): boolean {
  return length !== undefined && bytes.length >= HEAD_BYTES + length + END_BYTES;
}

function endsLikeFrame(bytes: Buffer): boolean {
  return bytes.toString('latin1', Math.max(0, bytes.length - END_BYTES - 1)) === `\n${END}`;
}

/** Where the next whole frame starts. No publication can look like one: its text has no line feed. */
function nextFrame(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(EQUALS, from); at >= 0; at = bytes.indexOf(EQUALS, at + 1)) {
    const length = frameLength(bytes, at);
    if (length !== undefined && isWhole(bytes, at, length)) return at;
  }
  return undefined;
}

function checksum(frame: Buffer, length: number): number {
  return crc32(frame.subarray(HEAD_BYTES, HEAD_BYTES + length), crc32(frame.subarray(0, LENGTH_BYTES)));
}

const hex = (value: number) => value.toString(16).padStart(8, '0');
