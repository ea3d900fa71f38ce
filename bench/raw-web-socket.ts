import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { constants, inflateRawSync } from 'node:zlib';

const DATA_OPCODES = 2;
const COMPRESSED = 0x40;
/** What a sender leaves out of a compressed message (RFC 7692, section 7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/**
 * The client's half of RFC 6455, as little of it as a load needs: no fragments, nothing checked, and compression without
 * context takeover where it was negotiated.
 */
export class RawWebSocket {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** Gets the payload of each text or binary frame; it is overwritten afterwards. */
  receive: (payload: Buffer) => void = () => {};
  closed = false;

  /** @throws Error with the server's answer when it refuses the upgrade */
  static async open(port: number, opening: Buffer): Promise<RawWebSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.write(opening);
    let head = Buffer.alloc(0);
    for (;;) {
      const [more] = (await once(socket, 'data')) as [Buffer];
      head = Buffer.concat([head, more]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) continue;
      if (!head.toString('latin1', 0, 12).endsWith('101')) {
        socket.destroy();
        throw new Error(`the upgrade was refused: ${head.toString('latin1', 0, end)}`);
      }
      return new RawWebSocket(socket, head.subarray(end + 4));
    }
  }

  private constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (data) => this.#take(data));
    if (rest.length > 0) queueMicrotask(() => this.#take(rest));
  }

  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    let buffer = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    for (;;) {
      if (buffer.length < 2) break;
      let length = (buffer[1] as number) & 0x7f;
      let head = 2;
      if (length === 126) {
        if (buffer.length < 4) break;
        length = buffer.readUInt16BE(2);
        head = 4;
      } else if (length === 127) {
        if (buffer.length < 10) break;
        length = Number(buffer.readBigUInt64BE(2));
        head = 10;
      }
      if (buffer.length < head + length) break;
      const first = buffer[0] as number;
      const payload = buffer.subarray(head, head + length);
      if ((first & 0x0f) <= DATA_OPCODES) {
        this.receive(first & COMPRESSED ? inflated(payload) : payload);
      }
      buffer = buffer.subarray(head + length);
    }
    this.#rest = buffer;
  }
}

function inflated(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}
