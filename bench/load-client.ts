import { connect, type Socket } from 'node:net';
import type { Contender } from './contender.ts';

export interface LoadOptions {
  readonly contender: Contender;
  readonly port: number;
  readonly subscribers: number;
  /** Publications under way at once: the next is sent when every subscriber has the one `inFlight` before it. */
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Called when measuring starts and ends, to read the server's counters. */
  mark(): void;
}

export interface LoadResult {
  readonly publications: number;
  readonly seconds: number;
  /** Publish to the last subscriber, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Publications that a subscriber missed or got twice. */
  readonly lost: number;
}

/**
 * Loads a server over raw sockets and counts what arrives. It parses frame heads and the last offset in each frame and
 * nothing more, so that the client's own cost stays below the server's.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { contender, port, subscribers, inFlight, payloadBytes } = options;
  const payload = JSON.stringify('x'.repeat(Math.max(0, payloadBytes - 2)));
  const sentAt: number[] = [];
  const waiting: number[] = [];
  const latencies: number[] = [];
  let lost = 0;
  let published = 0;
  let measuring = false;
  let stopped = false;
  let finished: (() => void) | undefined;
  const publisher = await RawWebSocket.open(port, contender.path, () => {});

  function send(): void {
    published++;
    waiting[published] = subscribers;
    sentAt[published] = performance.now();
    publisher.sendText(contender.publish(published, payload));
  }

  function arrived(from: number, to: number): void {
    if (to <= from) lost++;
    for (let n = from + 1; n <= to; n++) {
      const left = (waiting[n] ?? 0) - 1;
      waiting[n] = left;
      if (left !== 0) continue;
      if (measuring) latencies.push(performance.now() - (sentAt[n] as number));
      if (!stopped) send();
      else if (n === published) finished?.();
    }
  }

  const sockets: RawWebSocket[] = [];
  for (let i = 0; i < subscribers; i++) {
    let offset = 0;
    let ready: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const socket = await RawWebSocket.open(port, contender.path, (frame) => {
      ready?.();
      const next = lastOffset(frame);
      if (next === undefined) return;
      arrived(offset, next);
      offset = next;
    });
    sockets.push(socket);
    for (const text of contender.subscribe) socket.sendText(text);
    await answered;
  }
  for (const text of contender.greet) publisher.sendText(text);
  // The first answer may be to a greeting; nobody counts until everybody is subscribed.
  await passing(500);

  for (let i = 0; i < inFlight; i++) send();
  await passing(options.warmUpMs);
  const [startedAt, before] = [performance.now(), published];
  options.mark();
  measuring = true;
  await passing(options.measureMs);
  measuring = false;
  options.mark();
  const [seconds, publications] = [(performance.now() - startedAt) / 1000, published - before];
  const last = new Promise<void>((resolve) => {
    finished = resolve;
  });
  stopped = true;
  await Promise.race([last, passing(5000)]);
  lost += waiting.filter((left) => left > 0).length;
  for (const socket of [...sockets, publisher]) socket.close();
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? Number.NaN;
  return { publications, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), lost };
}

function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const OFFSET = Buffer.from('"o":');

/** The number behind the last `"o":` of a push; undefined for a reply. */
function lastOffset(frame: Buffer): number | undefined {
  if (frame[2] !== 0x74) return undefined;
  const at = frame.lastIndexOf(OFFSET, Math.min(frame.length, frame.lastIndexOf(0x0a) + 40));
  if (at < 0) return undefined;
  let number = 0;
  for (let i = at + OFFSET.length; i < frame.length; i++) {
    const digit = (frame[i] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  return number;
}

/** The client's half of RFC 6455, as little of it as a load needs: text frames, no fragments, no extension. */
class RawWebSocket {
  readonly #socket: Socket;
  readonly #receive: (frame: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  static async open(port: number, path: string, receive: (frame: Buffer) => void): Promise<RawWebSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    let head = Buffer.alloc(0);
    for (;;) {
      const more = await new Promise<Buffer>((resolve, reject) => {
        socket.once('data', resolve);
        socket.once('error', reject);
      });
      head = Buffer.concat([head, more]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) continue;
      if (!head.toString('latin1', 0, 12).endsWith('101'))
        throw new Error(`refused: ${head.toString('latin1', 0, 60)}`);
      socket.removeAllListeners('error');
      return new RawWebSocket(socket, receive, head.subarray(end + 4));
    }
  }

  private constructor(socket: Socket, receive: (frame: Buffer) => void, rest: Buffer) {
    this.#socket = socket;
    this.#receive = receive;
    socket.on('error', () => {});
    socket.on('data', (data) => this.#take(data));
    if (rest.length > 0) this.#take(rest);
  }

  sendText(text: string): void {
    const payload = Buffer.from(text);
    const long = payload.length > 125;
    // A mask of zeros is a mask: the frame is valid and the payload stays as it is.
    const head = Buffer.alloc(long ? 8 : 6);
    head[0] = 0x81;
    head[1] = 0x80 | (long ? 126 : payload.length);
    if (long) head.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  close(): void {
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
      if (((buffer[0] as number) & 0x0f) === 1) this.#receive(buffer.subarray(head, head + length));
      buffer = buffer.subarray(head + length);
    }
    this.#rest = buffer;
  }
}
