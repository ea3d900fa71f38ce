import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export interface OriginGuardOptions {
  /** The address that the server listens on, as it was configured. */
  readonly boundHost: string;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
}

/** Why a request is refused: a label for the metric and a sentence for its sender. */
export interface Refusal {
  readonly reason: 'host' | 'origin';
  readonly message: string;
}

/** Decides which pages may talk to this server. Programs, which send no `Origin`, are not its business. */
export interface OriginGuard {
  /** Refuses a name that this server is not reached by: a page of another site that made its name point here. */
  checkHost(headers: IncomingHttpHeaders): Refusal | undefined;
  /** Refuses a page of another site; for everything that changes something, and for WebSocket. */
  checkOrigin(headers: IncomingHttpHeaders): Refusal | undefined;
  /** As `checkOrigin`, but pages of the same host may come from any of its ports. */
  checkOriginOfHost(headers: IncomingHttpHeaders): Refusal | undefined;
  /** The origin to allow in the answer (CORS); undefined when it is not listed. */
  corsOrigin(headers: IncomingHttpHeaders): string | undefined;
}

/** Whether an address that a server listens on can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return isLocalName(host) || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export function createOriginGuard(options: OriginGuardOptions): OriginGuard {
  const origins = new Set(options.allowedOrigins);
  const hosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const strict = isLoopback(options.boundHost);
  const listed = (origin: string) => origins.has('*') || origins.has(origin);
  return {
    checkHost(headers) {
      const host = headers.host ?? '';
      const name = hostName(host);
      if (name !== undefined && (isLoopback(name) || hosts.has(name) || hosts.has(host.toLowerCase())))
        return undefined;
      // Elsewhere a list is optional; an address instead of a name cannot be made to point here by anybody.
      if (!strict && (hosts.size === 0 || (name !== undefined && isIP(name) !== 0))) return undefined;
      return {
        reason: 'host',
        message: `this server is not reached by the name ${JSON.stringify(host.slice(0, 100))}; if it should be, add the name to allowedHosts`,
      };
    },
    checkOrigin({ origin, host }) {
      return origin === undefined || listed(origin) || isSameHost(origin, host) ? undefined : foreignPage(origin);
    },
    checkOriginOfHost({ origin, host }) {
      return origin === undefined || listed(origin) || isSameName(origin, host) ? undefined : foreignPage(origin);
    },
    corsOrigin(headers) {
      const { origin } = headers;
      return origin !== undefined && listed(origin) ? origin : undefined;
    },
  };
}

function foreignPage(origin: string): Refusal {
  const message = `pages of ${JSON.stringify(origin.slice(0, 100))} may not do this here; if they should, add it to allowedOrigins`;
  return { reason: 'origin', message };
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** The name in a `Host` header, without port and brackets; undefined when it is not one. */
export function hostName(host: string): string | undefined {
  if (host === '' || /[\s/@?#\\]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname } = new URL(`http://${host}`);
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  // Behind a proxy that ends TLS the scheme differs, but the default port is left out on both sides.
  return (protocol === 'http:' || protocol === 'https:') && URL.canParse(`${protocol}//${host}`)
    ? new URL(`${protocol}//${host}`).host === from
    : false;
}

/** Whether a page comes from the host that it talks to, whatever the ports. */
function isSameName(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return (protocol === 'http:' || protocol === 'https:') && hostName(host) === hostName(hostname);
}
