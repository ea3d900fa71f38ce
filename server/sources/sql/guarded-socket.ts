import { Socket } from 'node:net';
import type { Outgoing } from '@tidewall/contracts';

export interface GuardedSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly outgoing: Outgoing;
}

const KEEP_ALIVE_MS = 30_000;

/**
 * A socket for the library of a database: whatever that asks it to connect to, it goes to the one host, by the one way
 * out that knows where it may go. The host is checked by `outgoing.check` before.
 */
export function createGuardedSocket({ host, port, outgoing }: GuardedSocketOptions): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const { lookup } = outgoing;
  socket.connect = () =>
    connect({ host, port, lookup, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  return socket;
}
