import type { Socket } from 'node:net';

/**
 * Bytes that the kernel has taken from a socket. The public counters only move when a write is finished, and one large
 * write to a slow peer may take minutes; Node's own idle timeout looks at the same two fields of the handle for that
 * reason.
 */
export function takenBytesOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null };
  if (handle?.bytesWritten !== undefined && handle.writeQueueSize !== undefined) {
    return handle.bytesWritten - handle.writeQueueSize;
  }
  return socket.bytesWritten - socket.writableLength;
}
