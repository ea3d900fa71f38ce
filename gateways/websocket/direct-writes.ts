import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/*
 * `socket.write` costs 0.14 µs more than the system call that it makes, on a machine with nothing else to do, and three
 * to four times that when it goes through thousands of sockets, whose stream states are not in the processor's cache any
 * more: a tenth of a delivery. Nearly always the kernel takes all of a frame at once, and there is nothing to keep state
 * of. So a frame is handed to the handle below the stream in the way in which Node itself does it.
 *
 * That way is Node's own, and may change: it is not assumed but watched, in the first ordinary write. What does not look
 * as expected (Node 26, a TLS socket, another runtime) is written to in the ordinary way.
 */

/** Who wrote what the kernel did not take at once. */
export interface Writer {
  /** The kernel has taken it whole; or, other than 0, never will. */
  written(status: number): void;
}

/** What Node's handle needs for a write that the kernel does not take at once. */
interface WriteRequest {
  oncomplete: ((this: WriteRequest, status: number) => void) | undefined;
  writer: Writer | undefined;
  /** Kept from the collector as long as the kernel may read it. */
  bytes: Uint8Array | undefined;
  /** -1 until the handle has use for it. */
  getAsyncId(): number;
}

export interface WritableHandle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  /** Bytes that the kernel has not taken. */
  readonly writeQueueSize: number;
}

type RequestClass = new () => WriteRequest;

/** Writes that pass by the stream of a socket; one for all connections of a gateway, which share one spare request. */
export class DirectWrites {
  #Request: RequestClass | undefined;
  #spare: WriteRequest | undefined;

  /**
   * Makes the first write to a socket, in the ordinary way. Returns its handle when all later ones may go through
   * `write`.
   */
  open(socket: Duplex, bytes: Buffer): WritableHandle | undefined {
    const handle = plainHandleOf(socket);
    if (handle !== undefined && this.#Request === undefined) this.#watch(handle);
    socket.write(bytes);
    // What waits in the stream would be overtaken.
    return this.#Request !== undefined && socket.writableLength === 0 ? handle : undefined;
  }

  /**
   * Writes to the handle of an open socket. 'queued': the kernel takes the rest later, and the writer is told. 'failed':
   * the socket is of no use any more.
   */
  write(handle: WritableHandle, bytes: Uint8Array, writer: Writer): 'taken' | 'queued' | 'failed' {
    const request = this.#spare as WriteRequest;
    if (handle.writeBuffer(request, bytes) !== 0) return 'failed';
    if (request.getAsyncId() === -1) return 'taken';
    request.bytes = bytes;
    request.writer = writer;
    request.oncomplete = completed;
    this.#spare = new (this.#Request as RequestClass)();
    return 'queued';
  }

  /** Learns from the next write of this handle what its requests are. */
  #watch(handle: WritableHandle): void {
    const watched = handle as { writeBuffer?: WritableHandle['writeBuffer'] };
    watched.writeBuffer = (request, bytes) => {
      delete watched.writeBuffer;
      this.#learn(request);
      return handle.writeBuffer(request, bytes);
    };
  }

  #learn(request: WriteRequest | null): void {
    const Request = request?.constructor as RequestClass | undefined;
    if (Request?.name !== 'WriteWrap') return;
    const spare = new Request();
    if (typeof spare.getAsyncId !== 'function' || spare.getAsyncId() !== -1) return;
    this.#Request = Request;
    this.#spare = spare;
  }
}

function completed(this: WriteRequest, status: number): void {
  this.writer?.written(status);
}

function plainHandleOf(socket: Duplex): WritableHandle | undefined {
  const { _handle: handle } = socket as { _handle?: WritableHandle | null };
  const plain = Object.getPrototypeOf(socket) === Socket.prototype && handle?.constructor.name === 'TCP';
  return plain && typeof handle?.writeBuffer === 'function' && handle.writeQueueSize === 0 ? handle : undefined;
}
