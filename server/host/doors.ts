import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Callers } from '@tidewall/auth';
import type { Counter, Gateway, GatewayDefinition, GatewayRequest } from '@tidewall/contracts';
import { ERROR_STATUS, type TidewallError } from '@tidewall/protocol';
import { errorAnswer } from './http/answer-errors.ts';
import type { OriginGuard, Refusal } from './origin-guard.ts';
import type { DoorRate, DoorRates } from './rates/door-rates.ts';

/** A gateway in its place. */
export interface Mounted {
  readonly definition: Pick<GatewayDefinition, 'kind' | 'path' | 'below' | 'anyPage'>;
  readonly gateway: Gateway;
}

export interface DoorsOptions {
  readonly gateways: readonly Mounted[];
  readonly guard: OriginGuard;
  /** Finds out who comes, before a gateway looks at what they want. */
  readonly callers: Arrivals;
  /** How much may come in. */
  readonly rates: Rates;
  readonly rejected: Counter;
  /** Answers what is no gateway's. */
  readonly otherwise: RequestListener;
  /** Whether new sessions are taken; those that there are go on all the same. */
  ready(): boolean;
}

/** What an HTTP server does with its requests. */
export interface Door {
  readonly request: RequestListener;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

interface DoorRefusal {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  /** What is told in the words of the API. */
  readonly error?: TidewallError;
}

const NOT_READY: DoorRefusal = {
  status: 503,
  reason: 'not_ready',
  message: 'the server is starting or stopping; try again in a moment',
};

const EVENT_STREAM = 'text/event-stream';

/** What pages of other origins may read of an answer, and send with a request (CORS). */
const CORS_HEADERS = {
  'access-control-expose-headers': 'x-tidewall-cursor, retry-after',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers': 'content-type, last-event-id, authorization',
  'access-control-max-age': '600',
} as const;

/** What a gateway answers is no page, whatever is in it. */
const NO_SNIFFING = ['x-content-type-options', 'nosniff'] as const;

type Arrivals = Pick<Callers, 'establish' | 'refusalOf'>;
type Rates = Pick<DoorRates, 'knock' | 'enter' | 'stay'>;

/** What each door asks of whoever comes. */
interface Checks {
  readonly callers: Arrivals;
  readonly rates: Rates;
  readonly rejected: Counter;
}

/** The server's own door: each gateway has its path, and all else is answered by `otherwise`. */
export function createMainDoor({ gateways, guard, otherwise, ready, ...checks }: DoorsOptions): Door {
  const { rejected } = checks;
  const upgraded = gateways.filter(({ gateway }) => gateway.upgrade !== undefined);
  const answering = gateways.filter(({ gateway }) => gateway.answer !== undefined);
  const refusalOf = (request: IncomingMessage, mounted: Mounted): DoorRefusal | undefined => {
    const { headers } = request;
    const { anyPage, path } = mounted.definition;
    const foreign = guard.checkHost(headers) ?? (anyPage ? undefined : guard.checkOrigin(headers));
    if (foreign !== undefined) return { status: 403, ...foreign };
    return ready() || goesOn(request, mounted, path) ? undefined : NOT_READY;
  };
  return {
    request(request, response) {
      const mounted = answering.find(({ definition }) => isAt(request, definition));
      if (mounted === undefined) return otherwise(request, response);
      const refusal = refusalOf(request, mounted);
      if (refusal === undefined) letIn(request, response, mounted, mounted.definition.path, checks);
      else refuse(request, response, refusal, rejected);
    },
    upgrade(request, socket, head) {
      const mounted = upgraded.find(({ definition }) => isAt(request, definition));
      const refusal = mounted === undefined ? nothingHere(request, upgraded, guard) : refusalOf(request, mounted);
      if (mounted !== undefined && refusal === undefined) {
        upgrade(request, socket, checks, () =>
          mounted.gateway.upgrade?.(asGatewayRequest(request, mounted.definition.path), socket, head),
        );
      } else if (refusal !== undefined) refuseUpgrade(socket, refusal, rejected);
    },
  };
}

/**
 * The door of one gateway that has a port to itself: every path is its own. Its clients know a host and a port and
 * nothing else, and their pages come from another port of that host.
 */
export function createOwnDoor(
  mounted: Mounted,
  { guard, ready, ...checks }: Omit<DoorsOptions, 'gateways' | 'otherwise'>,
): Door {
  const { rejected } = checks;
  const { definition, gateway } = mounted;
  const refusalOf = (request: IncomingMessage): DoorRefusal | undefined => {
    const { headers } = request;
    const foreign: Refusal | undefined =
      guard.checkHost(headers) ?? (definition.anyPage ? undefined : guard.checkOriginOfHost(headers));
    if (foreign !== undefined) return { status: 403, ...foreign };
    return ready() || goesOn(request, mounted, '') ? undefined : NOT_READY;
  };
  const speaks = `only ${definition.kind} is spoken on this port`;
  return {
    request(request, response) {
      const refusal =
        refusalOf(request) ??
        (gateway.answer === undefined
          ? { status: 426, reason: 'unknown_gateway', message: `${speaks}, over WebSocket` }
          : undefined);
      if (refusal === undefined) letIn(request, response, mounted, '', checks);
      else refuse(request, response, refusal, rejected);
    },
    upgrade(request, socket, head) {
      const refusal =
        refusalOf(request) ??
        (gateway.upgrade === undefined
          ? { status: 404, reason: 'unknown_gateway', message: `${speaks}, over HTTP` }
          : undefined);
      if (refusal === undefined) {
        upgrade(request, socket, checks, () => gateway.upgrade?.(asGatewayRequest(request, ''), socket, head));
      } else refuseUpgrade(socket, refusal, rejected);
    },
  };
}

/**
 * Hands a request over whose sender may use the gateway. A page of another origin that may may read the answer too; it is
 * told its own origin and no other, and never that it may bring credentials.
 */
function letIn(
  request: IncomingMessage,
  response: ServerResponse,
  mounted: Mounted,
  mountedAt: string,
  { callers, rates, rejected }: Checks,
): void {
  const { gateway } = mounted;
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  response.setHeader(...NO_SNIFFING);
  if (origin !== undefined) response.setHeader('access-control-allow-origin', origin);
  if (origin !== undefined && request.headers['access-control-request-method'] !== undefined) {
    response.writeHead(204, CORS_HEADERS).end();
    return;
  }
  if (origin !== undefined) {
    response.setHeader('access-control-expose-headers', CORS_HEADERS['access-control-expose-headers']);
  }
  const begins = !goesOn(request, mounted, mountedAt);
  const rate: DoorRate = begins ? 'connects' : 'requests';
  const early = tooMany(rates.knock(request, rate));
  if (early !== undefined) {
    refuse(request, response, early, rejected);
    return;
  }
  const answer = () => {
    const refusal =
      refusedFor(callers.refusalOf(request)) ??
      tooMany(rates.enter(request, rate) ?? (begins ? rates.stay(request, response) : undefined));
    if (refusal === undefined) gateway.answer?.(asGatewayRequest(request, mountedAt), response);
    else refuse(request, response, refusal, rejected);
  };
  const waiting = callers.establish(request);
  if (waiting === undefined) answer();
  else void waiting.then(() => response.destroyed || answer());
}

/** Takes a connection over when it is known who comes. Who is gone by then is not waited for. */
function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  { callers, rates, rejected }: Checks,
  takeOver: () => void,
): void {
  const early = tooMany(rates.knock(request, 'connects'));
  if (early !== undefined) {
    refuseUpgrade(socket, early, rejected);
    return;
  }
  const go = () => {
    const refusal =
      refusedFor(callers.refusalOf(request)) ??
      tooMany(rates.enter(request, 'connects') ?? rates.stay(request, socket));
    if (refusal === undefined) takeOver();
    else refuseUpgrade(socket, refusal, rejected);
  };
  const waiting = callers.establish(request);
  if (waiting === undefined) {
    go();
    return;
  }
  // Nobody else listens to a socket that was taken off the HTTP server, and an unheard error would end the process.
  const heard = () => socket.destroy();
  socket.on('error', heard);
  void waiting.then(() => {
    socket.off('error', heard);
    if (!socket.destroyed) go();
  });
}

function refusedFor(failure: TidewallError | undefined): DoorRefusal | undefined {
  return failure && { status: 403, reason: 'cross_site', message: failure.message };
}

function tooMany(error: TidewallError | undefined): DoorRefusal | undefined {
  return error && { status: ERROR_STATUS[error.kind], reason: error.kind, message: error.message, error };
}

/** Whether a request is part of a session that there is. */
function goesOn(request: IncomingMessage, { gateway }: Mounted, mountedAt: string): boolean {
  return gateway.continues?.(asGatewayRequest(request, mountedAt)) === true;
}

function isAt(request: IncomingMessage, { path, below }: Mounted['definition']): boolean {
  const asked = pathOf(request);
  return asked === path || (below === true && asked.startsWith(`${path}/`));
}

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function asGatewayRequest(http: IncomingMessage, mountedAt: string): GatewayRequest {
  const path = pathOf(http);
  const rest = path.slice(mountedAt.length);
  const { url = '' } = http;
  return { http, rest: rest === '/' ? '' : rest, query: new URLSearchParams(url.slice(path.length)) };
}

function nothingHere(request: IncomingMessage, there: readonly Mounted[], guard: OriginGuard): DoorRefusal {
  // Who may not be here learns nothing of what is.
  const foreign = guard.checkHost(request.headers) ?? guard.checkOrigin(request.headers);
  if (foreign !== undefined) return { status: 403, ...foreign };
  const paths = there.map(({ definition: { kind, path } }) => `${path} (${kind})`).join(', ');
  const message = `nothing speaks at ${pathOf(request).slice(0, 100)}; there is ${paths}`;
  return { status: 404, reason: 'unknown_gateway', message };
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: DoorRefusal, rejected: Counter): void {
  const { status, reason } = refusal;
  rejected.add(1, { reason });
  if (refusal === NOT_READY && request.headers.accept?.includes(EVENT_STREAM)) {
    answerLater(request, response);
    return;
  }
  const { headers, text } = asText(refusal);
  const always = { vary: 'origin', [NO_SNIFFING[0]]: NO_SNIFFING[1], 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...always }).end(text);
}

/** An `EventSource` that is answered anything but a stream never comes back; this one only says when to. */
function answerLater({ headers: { origin } }: IncomingMessage, response: ServerResponse): void {
  if (origin !== undefined) response.setHeader('access-control-allow-origin', origin);
  response.writeHead(200, { 'content-type': EVENT_STREAM, 'cache-control': 'no-store', vary: 'origin' });
  response.end('retry:1000\n\n');
}

/** A sentence, or the error as the API answers it; with when to come again. */
function asText({ status, message, error }: DoorRefusal): { readonly headers: Record<string, string>; text: string } {
  if (error === undefined) {
    const retry = status === 503 && { 'retry-after': '1' };
    return { headers: { 'content-type': 'text/plain; charset=utf-8', ...retry }, text: `${message}\n` };
  }
  const { headers, body } = errorAnswer(error);
  return { headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, text: JSON.stringify(body) };
}

function refuseUpgrade(socket: Duplex, refusal: DoorRefusal, rejected: Counter): void {
  const { status, reason } = refusal;
  rejected.add(1, { reason });
  // Nobody else listens to a socket that was taken off the HTTP server, and an unheard error would end the process.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const { headers, text } = asText(refusal);
  const lines = Object.entries({ connection: 'close', ...headers, 'content-length': Buffer.byteLength(text) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${text}`);
}
