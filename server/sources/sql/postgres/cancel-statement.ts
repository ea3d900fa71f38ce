import { connect } from 'node:net';
import type { Outgoing } from '@tidewall/contracts';
import type { Client } from 'pg';
import type { ServerAddress } from '../server-address.ts';

/** The code of a CancelRequest, in place of a version of the protocol. */
const CANCEL_CODE = 80877102;
const TIMEOUT_MS = 2_000;

/** Asks the server to end what it works at for a client, by a connection of its own; nobody hears whether it did. */
export function cancelStatement(client: Client, { host, port }: ServerAddress, { lookup }: Outgoing): void {
  const { processID, secretKey } = client as unknown as { processID: number | null; secretKey: number | null };
  if (processID === null || secretKey === null) return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(CANCEL_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connect({ host, port, lookup, timeout: TIMEOUT_MS });
  socket.on('timeout', () => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  socket.end(request);
}
