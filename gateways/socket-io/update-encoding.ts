import type { Encoding, Push } from '@tidewall/contracts';
import { textFrame } from '../websocket/server-frame.ts';

/**
 * A room's publications as Socket.IO events, each a finished WebSocket frame with a packet of both protocols in it: "4"
 * is Engine.IO's for a message, "2" Socket.IO's for an event.
 *
 * @param ended called with the number of a view that the hub has ended, since the wire has no word for it
 */
export function createUpdateEncoding(event: string, ended: (view: number) => void): Encoding {
  const head = `42[${JSON.stringify(event)},`;
  return {
    name: 'socket.io/websocket',
    encode(pushes: readonly Push[]): Uint8Array {
      const frames: Buffer[] = [];
      for (const push of pushes) {
        if (push.type === 'value') frames.push(textFrame(`${head}${push.json}]`));
        else if (push.type === 'end') ended(push.view);
      }
      const [only] = frames;
      return frames.length === 1 && only !== undefined ? only : Buffer.concat(frames);
    },
  };
}

/** Between the packets of one answer to a poll (Engine.IO, protocol 4). */
const SEPARATOR = '\x1e';

/** The packets of such frames, as the answer to a poll carries them. */
export function asPollPayload(frames: Uint8Array): string {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  const packets: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const short = bytes[start + 1] as number;
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(start + 2) : Number(bytes.readBigUInt64BE(start + 2));
    packets.push(bytes.toString('utf8', start + headLength, start + headLength + length));
    start += headLength + length;
  }
  return packets.join(SEPARATOR);
}
