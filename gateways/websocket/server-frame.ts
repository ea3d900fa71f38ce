import type { Encoding, Push } from '@tidewall/contracts';
import { encodePushes } from '../native/index.ts';

/** FIN and opcode 1: a whole text message in one frame (RFC 6455, 5.2). */
const WHOLE_TEXT = 0x81;

/** A finished server-to-client frame: header and payload in one Buffer, so that a socket takes it in one write. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerBytes = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = WHOLE_TEXT;
  if (headerBytes === 2) frame[1] = length;
  else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerBytes);
  return frame;
}

/**
 * Pushes as finished WebSocket frames, none larger than `frameBytes` unless a single push is. What does not fit into
 * one frame continues in the next, in the same bytes.
 */
export function createTextEncoding(frameBytes: number): Encoding {
  return {
    name: 'tidewall.v1.json/websocket',
    encode(pushes: readonly Push[]): Uint8Array {
      const text = encodePushes(pushes);
      // A UTF-16 unit is at most three bytes, so nearly every frame is known to fit without counting its bytes.
      if (text.length * 3 <= frameBytes || Buffer.byteLength(text) <= frameBytes) return textFrame(text);
      return Buffer.concat(joinLines(text.split('\n'), frameBytes).map(textFrame));
    },
  };
}

function joinLines(lines: readonly string[], frameBytes: number): string[] {
  const texts: string[] = [];
  let open: string[] = [];
  let openBytes = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1;
    if (open.length > 0 && openBytes + bytes > frameBytes) {
      texts.push(open.join('\n'));
      open = [];
      openBytes = 0;
    }
    open.push(line);
    openBytes += bytes;
  }
  texts.push(open.join('\n'));
  return texts;
}
