import type { Socket } from 'node:net';

/**
 * Hands over what arrives, one piece of at most 64 KiB in a turn of the event loop: by itself a socket hands over 2 MiB,
 * which may be tens of thousands of messages.
 *
 * @param take may return what to await before the next piece; meanwhile the far end waits too
 */
export function readByTurns(socket: Socket, take: (piece: Buffer) => Promise<void> | undefined): void {
  const goOn = () => socket.resume();
  socket.on('data', (piece: Buffer) => {
    socket.pause();
    const taken = take(piece);
    if (taken === undefined) setImmediate(goOn);
    else void taken.then(() => setImmediate(goOn));
  });
}
