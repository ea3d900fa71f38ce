import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@tidewall/base';
import type { Limits } from '@tidewall/protocol';
import type { HubPort } from './hub-port.ts';
import type { Log, Meter } from './operations.ts';
import type { Principal } from './principal.ts';

export interface GatewayContext {
  readonly hub: HubPort;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** The name of this process in replies. */
  readonly node: string;
  /** Who this request comes from. @throws TidewallError unauthenticated, permission_denied */
  identify(request: IncomingMessage): Principal;
}

/** The server end of one client wire. */
export interface Gateway {
  /** Takes over a connection whose request was for this gateway's path; the host has checked path and origin. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Tells every client that the server stops, with a window to come back in, and resolves when all are gone. */
  drain(signal: AbortSignal): Promise<void>;
  /** Cuts what is left. */
  close(): void;
}

export interface GatewayDefinition {
  readonly kind: string;
  readonly path: string;
  create(context: GatewayContext): Gateway;
}
