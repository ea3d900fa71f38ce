import type { Duplex } from 'node:stream';
import type { DirectWrites, WritableHandle, Writer } from './direct-writes.ts';

export interface OutputOwner {
  /** The kernel has taken all that it was given; of a socket that is written to in the ordinary way, 'drain' says so. */
  drained(): void;
}

/**
 * The bytes on their way out of one socket: in order, each write whole or with an end of the socket, whether Node's
 * stream is asked or not.
 */
export class SocketOutput implements Writer {
  readonly #socket: Duplex;
  readonly #owner: OutputOwner;
  readonly #direct: DirectWrites;
  /** Absent: this socket is written to in the ordinary way. */
  readonly #handle: WritableHandle | undefined;
  /** Writes that the kernel has not taken whole. */
  #underWay = 0;

  /** @param first is written before anything else */
  constructor(socket: Duplex, first: Buffer, direct: DirectWrites, owner: OutputOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#direct = direct;
    this.#handle = direct.open(socket, first);
  }

  /** Bytes that wait here, in our process. */
  get waitingBytes(): number {
    if (this.#handle === undefined) return this.#socket.writableLength;
    return this.#underWay === 0 ? 0 : this.#handle.writeQueueSize;
  }

  /** Whether so much waits that something can be held back until it has drained. */
  isAbove(highWaterBytes: number): boolean {
    // Below its own mark a stream never says 'drain', so ours cannot be lower.
    const leastBytes = this.#handle === undefined ? this.#socket.writableHighWaterMark : 0;
    return this.waitingBytes >= Math.max(highWaterBytes, leastBytes);
  }

  /** True: so little waits that nobody need look. */
  write(bytes: Uint8Array): boolean {
    if (this.#handle === undefined) return this.#socket.write(bytes);
    const outcome = this.#direct.write(this.#handle, bytes, this);
    if (outcome === 'taken') return this.#underWay === 0;
    if (outcome === 'queued') this.#underWay++;
    else this.#socket.destroy();
    return false;
  }

  written(status: number): void {
    this.#underWay--;
    if (status !== 0) this.#socket.destroy();
    else if (this.#underWay === 0) this.#owner.drained();
  }
}
