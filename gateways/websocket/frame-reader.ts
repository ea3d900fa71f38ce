import { isUtf8 } from 'node:buffer';
import { inflateMessage } from './deflate.ts';

/** RFC 6455, 5.2. */
const FIN = 0x80;
const COMPRESSED = 0x40;
const RESERVED = 0x30;
const MASKED = 0x80;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const MASK_BYTES = 4;
/** RFC 6455, 5.5. */
const MOST_CONTROL_BYTES = 125;

/** Browsers cut a large message at 64 KiB or more, so that a legal one has far fewer. */
const MOST_FRAGMENTS = 64;
/** Pieces that one frame may come in from the network: 1 MiB in the smallest segments that the Internet has. */
const MOST_PIECES = 4096;

/** What a peer did that ends its connection. */
export type Violation = 'too_large' | 'too_many_pieces' | 'binary' | 'not_utf8' | 'not_deflate' | 'not_websocket';

export interface FrameListener {
  /** The connection is closing: nothing but the peer's close frame is of interest. */
  readonly closing: boolean;
  /** A whole message, UTF-8. The bytes are the reader's, and good for the time of the call. */
  text(payload: Buffer): void;
  /** As `text`. */
  ping(payload: Buffer): void;
  pong(): void;
  /** The peer's close frame; 1005 when it gave no code. The last call. */
  closed(code: number): void;
  /** The last call. */
  violated(violation: Violation): void;
}

export interface FrameLimits {
  /** Of a message, compressed and not. */
  readonly frameBytes: number;
  /** Whether compressed messages were agreed on. */
  readonly deflates: boolean;
}

/**
 * The receiving half of a server's RFC 6455: frames of a client out of bytes in pieces of any size, checked, unmasked,
 * put together and inflated. Between frames it holds nothing.
 */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #limits: FrameLimits;
  /** The beginning of a frame that has not come in whole. */
  #partial: PartialFrame | undefined;
  /** The beginning of a message that has not come in whole. */
  #message: PartialMessage | undefined;
  #done = false;

  constructor(listener: FrameListener, limits: FrameLimits) {
    this.#listener = listener;
    this.#limits = limits;
  }

  /** Takes the next bytes; they are the reader's from here on, and written to. */
  read(chunk: Buffer): void {
    if (this.#done) return;
    let bytes = chunk;
    if (this.#partial !== undefined) {
      if (!this.#partial.add(chunk)) {
        if (this.#partial.pieces > MOST_PIECES) this.#violate('too_many_pieces');
        return;
      }
      bytes = this.#partial.bytes;
    }
    let at = 0;
    while (at < bytes.length && !this.#done) {
      const wanted = this.#wantedAt(bytes, at);
      if (wanted > bytes.length - at) {
        this.#keep(bytes.subarray(at), wanted);
        return;
      }
      if (wanted === 0) return;
      this.#take(bytes, at, wanted);
      at += wanted;
    }
    this.#partial = undefined;
  }

  /** Bytes of the frame that begins there, as far as they are known: at least its head. 0: it is not acceptable. */
  #wantedAt(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return 2;
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
    const fault = this.#faultOf(first, second);
    if (fault !== undefined) return this.#violate(fault);
    const head = headBytes(second);
    if (bytes.length - at < head - MASK_BYTES) return head;
    const length = payloadBytes(bytes, at);
    const before = isControl(first) ? 0 : (this.#message?.sizeBytes ?? 0);
    if (length + before > this.#limits.frameBytes && !isControl(first)) return this.#violate('too_large');
    return head + length;
  }

  #faultOf(first: number, second: number): Violation | undefined {
    const opcode = first & 0x0f;
    const begins = opcode === TEXT || opcode === BINARY;
    if ((first & RESERVED) !== 0 || (second & MASKED) === 0) return 'not_websocket';
    if ((first & COMPRESSED) !== 0 && !(begins && this.#limits.deflates)) return 'not_websocket';
    if (isControl(first)) {
      const length = second & 0x7f;
      const known = opcode === CLOSE || opcode === PING || opcode === PONG;
      if (!known || (first & FIN) === 0 || length > MOST_CONTROL_BYTES) return 'not_websocket';
      return opcode === CLOSE && length === 1 ? 'not_websocket' : undefined;
    }
    if (!begins && opcode !== CONTINUATION) return 'not_websocket';
    if (begins === (this.#message !== undefined)) return 'not_websocket';
    if (opcode === BINARY) return 'binary';
    return this.#message !== undefined && this.#message.fragments.length >= MOST_FRAGMENTS
      ? 'too_many_pieces'
      : undefined;
  }

  #keep(rest: Buffer, wanted: number): void {
    if (this.#partial !== undefined && this.#partial.bytes.length === rest.length) this.#partial.wanted = wanted;
    else this.#partial = new PartialFrame(rest, wanted);
  }

  #take(bytes: Buffer, at: number, size: number): void {
    const first = bytes[at] as number;
    const start = at + headBytes(bytes[at + 1] as number);
    unmask(bytes, start, at + size);
    const payload = bytes.subarray(start, at + size);
    const opcode = first & 0x0f;
    if (opcode === CLOSE) this.#takeClose(payload);
    else if (isControl(first)) {
      if (this.#listener.closing) return;
      if (opcode === PING) this.#listener.ping(payload);
      else this.#listener.pong();
    } else this.#takeData(payload, first);
  }

  #takeData(payload: Buffer, first: number): void {
    const final = (first & FIN) !== 0;
    if (final && this.#message === undefined) {
      this.#finish(payload, (first & COMPRESSED) !== 0);
      return;
    }
    this.#message ??= { compressed: (first & COMPRESSED) !== 0, fragments: [], sizeBytes: 0 };
    const { fragments, compressed } = this.#message;
    // A copy: what it was cut from may be far larger, and would be kept with it.
    fragments.push(Buffer.from(payload));
    this.#message.sizeBytes += payload.length;
    if (!final) return;
    this.#message = undefined;
    this.#finish(Buffer.concat(fragments), compressed);
  }

  #finish(payload: Buffer, compressed: boolean): void {
    if (this.#listener.closing) return;
    const message = compressed ? inflateMessage(payload, this.#limits.frameBytes) : payload;
    if (typeof message === 'string') this.#violate(message);
    else if (isUtf8(message)) this.#listener.text(message);
    else this.#violate('not_utf8');
  }

  #takeClose(payload: Buffer): void {
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    if (payload.length > 0 && !isCloseCode(code)) this.#violate('not_websocket');
    else if (!isUtf8(payload.subarray(2))) this.#violate('not_utf8');
    else {
      this.#done = true;
      this.#partial = this.#message = undefined;
      this.#listener.closed(code);
    }
  }

  #violate(violation: Violation): 0 {
    this.#done = true;
    this.#partial = this.#message = undefined;
    this.#listener.violated(violation);
    return 0;
  }
}

interface PartialMessage {
  readonly compressed: boolean;
  readonly fragments: Buffer[];
  sizeBytes: number;
}

/** The bytes of a frame that are there, in one place, which grows with what has come and never by what is claimed. */
class PartialFrame {
  /** Nothing can be done before there are so many. */
  wanted: number;
  pieces = 1;
  #space: Buffer;
  #length: number;

  constructor(bytes: Buffer, wanted: number) {
    this.wanted = wanted;
    this.#space = Buffer.from(bytes);
    this.#length = bytes.length;
  }

  get bytes(): Buffer {
    return this.#space.subarray(0, this.#length);
  }

  /** Whether what was wanted is there. */
  add(chunk: Buffer): boolean {
    this.pieces++;
    const length = this.#length + chunk.length;
    if (length > this.#space.length) {
      // Twice as much each time, or a frame that drips in would be copied for every drop.
      const space = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.wanted, this.#space.length * 2)));
      this.#space.copy(space, 0, 0, this.#length);
      this.#space = space;
    }
    chunk.copy(this.#space, this.#length);
    this.#length = length;
    return length >= this.wanted;
  }
}

function isControl(first: number): boolean {
  return (first & 0x08) !== 0;
}

function headBytes(second: number): number {
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + MASK_BYTES;
}

function payloadBytes(bytes: Buffer, at: number): number {
  const short = (bytes[at + 1] as number) & 0x7f;
  if (short === 126) return bytes.readUInt16BE(at + 2);
  return short === 127 ? bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6) : short;
}

/** RFC 6455, 5.3. The mask is what stands before `start`. */
function unmask(bytes: Buffer, start: number, end: number): void {
  if (bytes.readUInt32BE(start - MASK_BYTES) === 0) return;
  const [a, b, c, d] = bytes.subarray(start - MASK_BYTES, start) as unknown as [number, number, number, number];
  let i = start;
  for (; i + 3 < end; i += 4) {
    bytes[i] = (bytes[i] as number) ^ a;
    bytes[i + 1] = (bytes[i + 1] as number) ^ b;
    bytes[i + 2] = (bytes[i + 2] as number) ^ c;
    bytes[i + 3] = (bytes[i + 3] as number) ^ d;
  }
  const mask = [a, b, c, d];
  for (; i < end; i++) bytes[i] = (bytes[i] as number) ^ (mask[(i - start) & 3] as number);
}

/** RFC 6455, 7.4: codes that a peer may send. */
function isCloseCode(code: number): boolean {
  const defined = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  return defined || (code >= 3000 && code <= 4999);
}
