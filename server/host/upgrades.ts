import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Counter, Gateway } from '@tidewall/contracts';
import type { OriginGuard } from './origin-guard.ts';

export interface UpgradesOptions {
  /** Gateways by their path. */
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly guard: OriginGuard;
  readonly rejected: Counter;
  ready(): boolean;
}

interface UpgradeRefusal {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

/** Hands a connection that wants to become something else to the gateway of its path, or refuses it in plain HTTP. */
export function createUpgrades({ gateways, guard, rejected, ready }: UpgradesOptions) {
  const refusalOf = (request: IncomingMessage, path: string): UpgradeRefusal | undefined => {
    const foreign = guard.checkHost(request.headers) ?? guard.checkOrigin(request.headers);
    if (foreign !== undefined) return { status: 403, ...foreign };
    if (!gateways.has(path)) {
      const message = `nothing speaks at ${path.slice(0, 100)}; there is ${[...gateways.keys()].join(', ')}`;
      return { status: 404, reason: 'unknown_gateway', message };
    }
    if (ready()) return undefined;
    return { status: 503, reason: 'not_ready', message: 'the server is starting or stopping; try again in a moment' };
  };
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = request.url?.split('?')[0] ?? '';
    const refusal = refusalOf(request, path);
    if (refusal === undefined) {
      gateways.get(path)?.upgrade(request, socket, head);
      return;
    }
    rejected.add(1, { reason: refusal.reason });
    refuseUpgrade(socket, refusal);
  };
}

function refuseUpgrade(socket: Duplex, { status, message }: UpgradeRefusal): void {
  // Nobody else listens to a socket that was taken off the HTTP server, and an unheard error would end the process.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const text = `${message}\n`;
  const retry = status === 503 ? 'retry-after: 1\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\n${retry}` +
      `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
