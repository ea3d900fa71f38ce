import type { Encoding, Push } from '@tidewall/contracts';
import { encodePushes } from '../native/index.ts';
import { joinLines } from '../native/join-lines.ts';
import { deflateMessage } from './deflate.ts';

/** The first byte of a frame (RFC 6455, 5.2): whole, and what it is. */
const WHOLE_TEXT = 0x81;
/** RFC 7692, 6: a compressed message is one whose first frame has this bit besides. */
const COMPRESSED = 0x40;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;

/** Room for a reason in a close frame (RFC 6455, 5.5: a control frame carries 125 bytes, two are the code). */
const MOST_REASON_BYTES = 123;
/** RFC 6455, 7.4.1: stands for a close without a code, and is never sent. */
const NO_CODE = 1005;

/** A finished server-to-client frame: header and payload in one Buffer, so that a socket takes it in one write. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const { frame, start } = emptyFrame(WHOLE_TEXT, length);
  frame.write(text, start);
  return frame;
}

export const pingFrame = (): Buffer => frameOf(PING, Buffer.alloc(0));

export function pongFrame(payload: Buffer): Buffer {
  return frameOf(PONG, payload);
}

/** @param reason is cut at the end of a character when it does not fit */
export function closeFrame(code: number, reason: string): Buffer {
  if (code === NO_CODE) return frameOf(CLOSE, Buffer.alloc(0));
  const payload = Buffer.from(`  ${cutToBytes(reason, MOST_REASON_BYTES)}`);
  payload.writeUInt16BE(code, 0);
  return frameOf(CLOSE, payload);
}

function frameOf(firstByte: number, payload: Uint8Array): Buffer {
  const { frame, start } = emptyFrame(firstByte, payload.length);
  frame.set(payload, start);
  return frame;
}

function emptyFrame(firstByte: number, length: number): { frame: Buffer; start: number } {
  const start = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = firstByte;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  return { frame, start };
}

/** The longest start of a text that fits, never ending inside a character. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** As `textFrame`, compressed when the text is longer than `compressBytes` and becomes shorter by it. */
export function deflatedTextFrame(text: string, compressBytes: number): Buffer {
  if (Buffer.byteLength(text) <= compressBytes) return textFrame(text);
  const deflated = deflateMessage(Buffer.from(text));
  return deflated === undefined ? textFrame(text) : frameOf(WHOLE_TEXT | COMPRESSED, deflated);
}

/**
 * Pushes as finished WebSocket frames, none larger than `frameBytes` unless a single push is. What does not fit into
 * one frame continues in the next, in the same bytes.
 */
export function createTextEncoding(frameBytes: number): Encoding {
  return createEncoding('tidewall.v1.json/websocket', frameBytes, textFrame);
}

/**
 * As `createTextEncoding`, for clients that take compressed messages. A frame is compressed by itself and once, for all
 * of them: a compressor a client would cost 270 KB each, and twenty times the CPU.
 */
export function createDeflatedEncoding(frameBytes: number, compressBytes: number): Encoding {
  return createEncoding('tidewall.v1.json/websocket+deflate', frameBytes, (text) =>
    deflatedTextFrame(text, compressBytes),
  );
}

function createEncoding(name: string, frameBytes: number, frame: (text: string) => Buffer): Encoding {
  return {
    name,
    encode(pushes: readonly Push[]): Uint8Array {
      const text = encodePushes(pushes);
      // A UTF-16 unit is at most three bytes, so nearly every frame is known to fit without counting its bytes.
      if (text.length * 3 <= frameBytes || Buffer.byteLength(text) <= frameBytes) return frame(text);
      return Buffer.concat(joinLines(text.split('\n'), frameBytes).map(frame));
    },
  };
}

/** For wires of one JSON object a frame: each push its own frame, those that the wire has no word for none. */
export function createFrameEncoding(name: string, textOf: (push: Push) => string | undefined): Encoding {
  return {
    name,
    encode(pushes: readonly Push[]): Uint8Array {
      const texts = pushes.map(textOf).filter((text) => text !== undefined);
      return Buffer.concat(texts.map(textFrame));
    },
  };
}
