import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@tidewall/base';
import type { Limits } from '@tidewall/protocol';
import type { z } from 'zod';
import type { HubPort } from './hub-port.ts';
import type { KeyRing, NonceMemory } from './key-ring.ts';
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
  /** The keys that clients sign with. */
  readonly keys: KeyRing;
  /** Which of their signatures have been used. */
  readonly nonces: NonceMemory;
  /** Who this request comes from. @throws TidewallError unauthenticated, permission_denied */
  identify(request: IncomingMessage): Principal;
  /** Whose a token is that came in a frame. @throws TidewallError unauthenticated, token_expired */
  identifyToken(token: string): Promise<Principal>;
}

/** A request for a gateway; the host has checked its name and its origin. */
export interface GatewayRequest {
  readonly http: IncomingMessage;
  /** What follows the place where the gateway is mounted: '' or '/hall', as it was sent. */
  readonly rest: string;
  readonly query: URLSearchParams;
}

/** The server end of one client wire. It has `upgrade`, or `answer`, or both. */
export interface Gateway {
  /** Takes over a connection that wants to become something else. */
  upgrade?(request: GatewayRequest, socket: Duplex, head: Buffer): void;
  /** Answers a plain request, of which nothing but the head has been read. */
  answer?(request: GatewayRequest, response: ServerResponse): void;
  /** Whether a request is part of a session that it has; such a one is let through while the server stops. Absent: none. */
  continues?(request: GatewayRequest): boolean;
  /** Tells every client that the server stops, with a window to come back in, and resolves when all are gone. */
  drain(signal: AbortSignal): Promise<void>;
  /** Cuts what is left. */
  close(): void;
}

/** A kind of gateway: one folder. */
export interface GatewayDefinition<Settings = unknown> {
  readonly kind: string;
  /** Where it is mounted on the server's own port. On a port of its own it has every path. */
  readonly path: string;
  /** Whether paths below that one are its own too. */
  readonly below?: boolean;
  /** Whether pages of every site may use it, since it looks at who is there by itself. */
  readonly anyPage?: boolean;
  /** Checks what is configured for it under its kind, and fills in the defaults. Absent: nothing can be. */
  readonly settings?: z.ZodType<Settings>;
  create(context: GatewayContext, settings: Settings): Gateway;
}
