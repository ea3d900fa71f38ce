import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '@tidewall/base';
import type { Outgoing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { socketReason } from './socket-reason.ts';
import { type TlsSettings, tlsOptions } from './tls-fields.ts';

/** Where a socket leads, and how long it may take to get there. */
export interface SocketOptions {
  /** What sentences call the far end: `the MQTT broker`. */
  readonly called: string;
  readonly host: string;
  readonly port: number;
  /** Absent: without TLS. */
  readonly tls?: TlsSettings | undefined;
  readonly outgoing: Outgoing;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A socket that is connected, with TLS when that is asked for, to where this source may go. It is the caller's to destroy.
 *
 * @throws TidewallError source_error naming the far end, and the reason; what the signal aborts with
 */
export async function connectSocket(options: SocketOptions): Promise<Socket> {
  const { host, port, tls, outgoing, signal } = options;
  signal.throwIfAborted();
  await outgoing.check(host);
  signal.throwIfAborted();
  const target = { host, port, lookup: outgoing.lookup };
  if (tls === undefined) return ready(() => connect(target), 'connect', options);
  return ready(() => connectTls({ ...target, ...tlsOptions(tls, host) }), 'secureConnect', options);
}

/** Goes on with TLS on a socket that has spoken without. Throws as `connectSocket` does; the socket is destroyed then. */
export async function upgradeSocket(
  socket: Socket,
  tls: TlsSettings,
  options: Omit<SocketOptions, 'tls' | 'outgoing'>,
): Promise<Socket> {
  const { host } = options;
  try {
    return await ready(() => connectTls({ socket, host, ...tlsOptions(tls, host) }), 'secureConnect', options);
  } catch (failure) {
    socket.destroy();
    throw failure;
  }
}

async function ready(
  open: () => Socket,
  event: 'connect' | 'secureConnect',
  options: Omit<SocketOptions, 'tls' | 'outgoing'>,
): Promise<Socket> {
  const { called, host, port, signal } = options;
  let socket: Socket | undefined;
  try {
    // It throws at once where a port, or a certificate with its key, cannot be.
    socket = open();
    await connected(socket, event, options);
    socket.setNoDelay(true);
    return socket;
  } catch (failure) {
    socket?.destroy();
    signal.throwIfAborted();
    const where = `${called} at ${hostAndPort(host, port)}`;
    throw new TidewallError('source_error', `${where} cannot be reached: ${socketReason(failure)}`, { cause: failure });
  }
}

/** As people write it. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}

function connected(
  socket: Socket,
  event: string,
  { timeoutMs, signal }: Pick<SocketOptions, 'timeoutMs' | 'signal'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A network's time is the machine's, whatever clock the source is given.
    const cancel = systemClock.after(timeoutMs, () => settle(new Error(`it does not answer within ${timeoutMs} ms`)));
    const abort = () => settle(signal.reason);
    const close = () => settle(new Error('the connection was cut'));
    const settle = (failure?: unknown) => {
      cancel();
      signal.removeEventListener('abort', abort);
      socket.off('close', close);
      if (failure === undefined) resolve();
      else reject(failure as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    // It stays: an error that nobody listens for would end the process.
    socket.on('error', settle);
    socket.once('close', close);
    socket.once(event, () => settle());
  });
}
