import { connect, type Socket } from 'node:net';
import { constants, inflateRawSync } from 'node:zlib';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const DEFLATE_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

export interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The reserved bits: 0x40 claims compression. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** Four bytes; zeros leave the payload as it is. */
  readonly mask?: readonly number[];
  /** What the header says, when that is not the length of the payload. */
  readonly claimedLength?: number;
}

/** A client-to-server frame by RFC 6455, or what only looks like one. */
export function clientFrame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = OPCODE.text, fin = true, reserved = 0, masked = true, mask = [0, 0, 0, 0] } = options;
  const body = Buffer.from(payload as string);
  const length = options.claimedLength ?? body.length;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | reserved | opcode;
  header[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([header, body]);
  return Buffer.concat([header, Buffer.from(mask), body.map((byte, i) => byte ^ (mask[i & 3] as number))]);
}

export type End = { readonly code: number; readonly reason: string } | 'cut';

/** A WebSocket client made by hand on a TCP socket: it keeps to the rules only as far as its test does. */
export class RawClient {
  readonly socket: Socket;
  /** The status line of the answer to the upgrade, and its headers. */
  readonly head: string;
  /** Lines of the wire, in order. */
  readonly lines: string[] = [];
  /** Bytes of the payloads of text messages as they came, and whether they were compressed. */
  readonly messages: { readonly compressed: boolean; readonly bytes: number }[] = [];
  /** Payloads of pongs. */
  readonly pongs: string[] = [];
  /** The code of the server's close frame; 'cut' when the socket ended without one. */
  readonly ended: Promise<End>;
  #buffered: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #settle: (end: End) => void = () => {};

  private constructor(socket: Socket, head: string, rest: Buffer) {
    this.socket = socket;
    this.head = head;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#finish('cut'));
    this.#take(rest);
  }

  static async open(port: number, headers: Readonly<Record<string, string>> = {}, path = '/ws'): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    const all = {
      Host: '127.0.0.1',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    };
    const lines = Object.entries(all).filter(([, value]) => value !== '');
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    let answer = Buffer.alloc(0);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      const take = (chunk: Buffer) => {
        answer = Buffer.concat([answer, chunk]);
        if (!answer.includes('\r\n\r\n')) return;
        socket.off('data', take);
        socket.off('error', reject);
        resolve();
      };
      socket.on('data', take);
    });
    const split = answer.indexOf('\r\n\r\n');
    return new RawClient(socket, answer.subarray(0, split).toString(), answer.subarray(split + 4));
  }

  /** Opens and connects in the sense of the wire. */
  static async connected(port: number, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const client = await RawClient.open(port, headers);
    client.send({ id: 1, connect: { version: 1 } });
    await client.line();
    return client;
  }

  /** Sends a command as one frame. */
  send(frame: object | string): void {
    this.socket.write(clientFrame(typeof frame === 'string' ? frame : JSON.stringify(frame)));
  }

  /** The next line, parsed; rejects when the connection ends before. */
  async line(): Promise<Record<string, unknown>> {
    while (this.lines.length === 0) {
      if (this.socket.destroyed) throw new Error('the connection ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const line = this.lines.shift() as string;
    return (line.startsWith('{') ? JSON.parse(line) : { text: line }) as Record<string, unknown>;
  }

  #take(chunk: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    for (;;) {
      const frame = this.#buffered;
      if (frame.length < 2) break;
      const short = (frame[1] as number) & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (frame.length < start) break;
      const length = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
      if (frame.length < start + length) break;
      this.#buffered = frame.subarray(start + length);
      this.#takeFrame(frame[0] as number, frame.subarray(start, start + length));
    }
    this.#wake();
  }

  #takeFrame(first: number, payload: Buffer): void {
    const opcode = first & 0x0f;
    if (opcode === OPCODE.text) {
      const compressed = (first & 0x40) !== 0;
      this.messages.push({ compressed, bytes: payload.length });
      const options = { finishFlush: constants.Z_SYNC_FLUSH };
      const text = compressed ? inflateRawSync(Buffer.concat([payload, DEFLATE_TAIL]), options) : payload;
      this.lines.push(...text.toString().split('\n'));
    }
    if (opcode === OPCODE.pong) this.pongs.push(payload.toString());
    else if (opcode === OPCODE.close) {
      // RFC 6455, 7.1.5: a close frame may have none.
      const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      this.#finish({ code, reason: payload.subarray(2).toString() });
    }
  }

  #finish(end: End): void {
    this.#settle(end);
    this.#wake();
  }
}
