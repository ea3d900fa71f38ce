import type { Duplex } from 'node:stream';

/**
 * What a library throws while it reads a message ends the connection that brought it, and not the process: a server can
 * send anything.
 */
export function containFaults(stream: Duplex): void {
  const emit = stream.emit.bind(stream) as (event: string | symbol, ...args: unknown[]) => boolean;
  stream.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event !== 'data') return emit(event, ...args);
    try {
      return emit(event, ...args);
    } catch (fault) {
      stream.destroy(fault instanceof Error ? fault : new Error(String(fault)));
      return true;
    }
  };
}
