import type { IncomingMessage } from 'node:http';
import { type Callers, type KeyIdentity, sessionTokenOf } from '@tidewall/auth';
import type { Principal } from '@tidewall/contracts';
import { CHALLENGE } from '@tidewall/contracts';
import { ERROR_STATUS, TidewallError } from '@tidewall/protocol';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { OriginGuard, Refusal } from '../origin-guard.ts';
import { originsOf, pageRequestsOf } from '../page-requests.ts';
import { asRefusal, countError, errorAnswer, internalError } from './answer-errors.ts';
import type { ApiContext } from './api-context.ts';
import { auditRoutes } from './audit-routes.ts';
import { audited } from './audited.ts';
import { backupRoutes } from './backup-routes.ts';
import { decisionRoutes } from './decision-routes.ts';
import { fileRoutes } from './file-routes.ts';
import { ingestRoutes } from './ingest-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { serveOidcPages } from './oidc-pages.ts';
import { operationRoutes } from './operation-routes.ts';
import { pageRequestRoutes } from './page-request-routes.ts';
import { NOT_FOUND_PAGE, sendPlainPage, servePages } from './pages.ts';
import type { BoundRoute, RouteAnswer } from './route.ts';
import { screenPushRoutes } from './screen-push-routes.ts';
import { screenRoutes } from './screen-routes.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { sessionRoutes } from './session-routes.ts';
import { shareRoutes } from './share-routes.ts';
import { signedBody } from './signed-body.ts';
import { sourceRoutes } from './source-routes.ts';
import { topicRoutes } from './topic-routes.ts';
import { topicSettingsRoutes } from './topic-settings-routes.ts';
import { userRoutes } from './user-routes.ts';

export interface AppOptions extends ApiContext {
  readonly guard: OriginGuard;
  readonly callers: Callers;
  readonly keyIdentity: KeyIdentity;
  readonly webDir: string | undefined;
}

/** Asked while the server starts or stops, too. */
const ALWAYS = new Set(['/healthz', '/readyz', '/metrics']);
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** A topic's name may have 256 characters of which each takes up to twelve in an address. */
const MAX_PARAM_LENGTH = 4096;
/** As on the wire. */
const MAX_KEY_LENGTH = 128;

/** Everything that is answered over HTTP; it listens to nothing by itself. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // What a path part means is the topic parser's to say; a bad escape is answered like any other bad request.
    frameworkErrors: (failure, request, reply) => void fail(options, failure, request, reply),
  });
  countRequests(app, options);
  guardRequests(app, options);
  app.setErrorHandler((failure, request, reply) => fail(options, failure, request, reply));
  app.setNotFoundHandler(notFound);
  const routes = [...topicRoutes(options), ...topicSettingsRoutes(options), ...screenRoutes(options)];
  routes.push(...screenPushRoutes(options), ...keyRoutes(options), ...sourceRoutes(options), ...fileRoutes(options));
  routes.push(
    ...ingestRoutes(options),
    ...pageRequestRoutes(options),
    ...auditRoutes(options),
    ...backupRoutes(options),
    ...decisionRoutes(options),
    ...sessionRoutes(options),
    ...userRoutes(options),
    ...shareRoutes(options),
  );
  for (const route of [...routes, ...operationRoutes(options, routes)]) addRoute(app, route, options);
  serveOidcPages(app, options);
  servePages(app, {
    ...options,
    originsFor: (request) => originsFor(options, request),
    sharedScreen: (share) => options.viewers.screenOf(share),
    mayView: ({ raw }, name) =>
      options.decider.decide(options.callers.of(raw), { thing: 'screens', action: 'view', name }) !== undefined,
  });
  await app.ready();
  return app;
}

/** Where the page of whoever asks for it is let to: what it will be told to ask. */
function originsFor({ callers, decider, sources }: AppOptions, request: FastifyRequest): readonly string[] {
  const principal = callers.of(request.raw);
  const mayRead = (name: string) => decider.decide(principal, { thing: 'topics', action: 'read', name }) !== undefined;
  return originsOf(pageRequestsOf(sources.list(), mayRead));
}

/** Adds a route in a scope of its own, since how a body is read differs from one to the other. */
function addRoute(app: FastifyInstance, route: BoundRoute, context: AppOptions): void {
  void app.register(async (scope) => {
    scope.setErrorHandler((failure, request, reply) => fail(context, failure, request, reply, route));
    // Bodies are JSON whatever they are said to be: `curl -d` calls everything a form.
    scope.removeAllContentTypeParsers();
    const contentTypes = new WeakMap<FastifyRequest, string>();
    scope.addHook('onRequest', async (request) => {
      const { headers } = request.raw;
      if (headers['content-type'] !== undefined) contentTypes.set(request, headers['content-type']);
      headers['content-type'] = 'application/octet-stream';
    });
    const { body } = route;
    if (body?.read === 'stream') scope.addContentTypeParser('*', (_request, stream, done) => done(null, stream));
    else scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
    const rest = route.path.match(/\{(topic|pattern)\}$/)?.[1];
    const urls = [route.path, ...(route.aliases ?? [])].map((path) =>
      rest === undefined ? path.replace(/\{(\w+)\}/g, ':$1') : path.replace(`{${rest}}`, '*'),
    );
    const options = {
      method: route.method,
      config: {
        counted: !ALWAYS.has(route.path),
        ...(body && { bodyLimitText: `${body.maxBytes} bytes (${body.limitName})` }),
      },
      ...(body && { bodyLimit: body.maxBytes }),
      handler: async (request: FastifyRequest, reply: FastifyReply) => {
        refuseLongBody(request, body?.maxBytes, body?.limitName);
        if (body !== undefined) refuseUnknownMeaning(request, route);
        const params = request.params as Record<string, string>;
        const named = rest === undefined ? params : { [rest]: params['*'] };
        const principal = callerOf(request, route, context);
        const answer = await audited(context, { request, route, principal, params: named }, async () =>
          route.run({
            params: named,
            query: { ...(request.query as object) },
            ...(await signedBody(request, route, context.keyIdentity)),
            key: route.takesKey ? idempotencyKey(request) : undefined,
            principal: context.doorRates.arrived(request.raw),
            sentBytes: sentBytesOf(request),
            address: context.addresses.of(request.raw),
            secure: context.addresses.isSecure(request.raw),
            sessionToken: sessionTokenOf(request.raw),
            gone: goneBeforeAnswer(reply),
            may: (need) => context.decider.decide(principal, need) !== undefined,
            permits: (need) => context.decider.decide(principal, need),
            ifNoneMatch: request.headers['if-none-match'],
            contentType: contentTypes.get(request),
            contentEncoding: request.headers['content-encoding'],
          }),
        );
        return sendAnswer(reply, route, answer);
      },
    };
    for (const url of urls) scope.route({ ...options, url });
  });
}

function goneBeforeAnswer({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Who calls. What is shown and is not right is refused here, and told to the audit. */
function callerOf(
  { raw }: FastifyRequest,
  { method, path }: BoundRoute,
  { callers, audit, addresses }: AppOptions,
): Principal {
  try {
    return callers.of(raw);
  } catch (failure) {
    const reason = failure instanceof TidewallError ? failure.kind : 'internal';
    audit.refused({ who: 'anybody', address: addresses.of(raw), what: `${method} ${path}`, reason });
    throw failure;
  }
}

function sendAnswer(reply: FastifyReply, route: BoundRoute, answer: RouteAnswer): FastifyReply {
  if (answer.headers !== undefined) reply.headers(answer.headers);
  const type = answer.contentType ?? route.answer.contentType;
  return reply
    .code(answer.status ?? route.answer.status ?? 200)
    .type(type === 'application/json' ? 'application/json; charset=utf-8' : type)
    .send(answer.body);
}

/** A streamed body that says beforehand that it is too long is refused before a line of it is taken. */
function refuseLongBody(request: FastifyRequest, maxBytes: number | undefined, limitName: string | undefined): void {
  if (maxBytes === undefined || Number(request.headers['content-length'] ?? 0) <= maxBytes) return;
  throw new TidewallError('limit_exceeded', `the body is larger than ${maxBytes} bytes (${limitName})`);
}

/** Headers that change what a request means, and that it would be wrong to pass over. */
function refuseUnknownMeaning({ headers }: FastifyRequest, { takesKey, body }: BoundRoute): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && !body?.takesEncodings) {
    throw new TidewallError(
      'not_available',
      `a body with Content-Encoding: ${encoding} is not taken; send it as it is`,
    );
  }
  if (headers['idempotency-key'] !== undefined && !takesKey) {
    const message = 'Idempotency-Key is for one publication; among many, each line has a "key" of its own';
    throw new TidewallError('not_available', message);
  }
}

/** Written as the standard has it, in quotes, or without them, as most do. */
function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const text = headers['idempotency-key'];
  if (text === undefined) return undefined;
  const key = String(text).replace(/^"(.*)"$/, '$1');
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH) return key;
  const message = `the header Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters, has ${key.length}`;
  throw new TidewallError('bad_request', message);
}

function countRequests(app: FastifyInstance, { meter, log, clock }: AppOptions): void {
  const requests = meter.counter('tidewall_http_requests_total', 'Requests answered', ['method', 'route', 'status']);
  const seconds = meter.counter('tidewall_http_request_seconds_total', 'Time spent until the answer', ['route']);
  const began = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', async (request) => {
    began.set(request, clock.monotonic());
  });
  app.addHook('onResponse', async (request, reply) => {
    // The route as it is written, not the address, or strangers could make labels without end.
    const route = request.routeOptions.url ?? 'none';
    const ms = clock.monotonic() - (began.get(request) ?? clock.monotonic());
    requests.add(1, { method: knownMethod(request.method), route, status: String(reply.statusCode) });
    seconds.add(ms / 1000, { route });
    log.debug({ method: request.method, route, status: reply.statusCode, ms: Math.round(ms) }, 'request');
  });
}

function guardRequests(app: FastifyInstance, options: AppOptions): void {
  const { guard, http, meter, state } = options;
  const rejected = rejectedRequests(meter);
  const refuse = (refusal: Refusal): never => {
    rejected.add(1, { reason: refusal.reason });
    throw new TidewallError('permission_denied', refusal.message);
  };
  app.addHook('onRequest', async (request, reply) => {
    const { headers } = request.raw;
    reply.headers(SECURITY_HEADERS);
    const foreign = guard.checkHost(headers);
    if (foreign !== undefined) refuse(foreign);
    allowOrigin(request, reply, guard);
    if (headerCountOf(request.raw) > http.headerCount) {
      rejected.add(1, { reason: 'headers' });
      reply.header('connection', 'close');
      return answer(
        reply,
        new TidewallError('limit_exceeded', `more than ${http.headerCount} headers (http.headerCount)`),
        431,
      );
    }
    // Also the question beforehand: its answer is what says in the browser's tools which setting would let the page in.
    const asks = UNSAFE.has(request.method) || request.method === 'OPTIONS';
    const cross = asks ? guard.checkOrigin(headers) : undefined;
    if (cross !== undefined) refuse(cross);
    if (request.method === 'OPTIONS') return reply.code(204).send();
    if (state() !== 'ready' && !ALWAYS.has(request.url.split('?')[0] ?? '')) {
      throw new TidewallError('busy', `the server is ${state()}; try again in a moment`, { afterMs: 1000 });
    }
    const counted = isCounted(request);
    if (counted) refuseTooMany(options.doorRates.knock(request.raw, 'requests'));
    await options.callers.establish(request.raw);
    if (counted) refuseTooMany(options.doorRates.enter(request.raw, 'requests'));
    return undefined;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (state() === 'draining') reply.header('connection', 'close');
  });
}

/** Calls, and whatever has to be verified. Pages and their files are not counted: they are cheap, and many at once. */
function isCounted({ routeOptions, headers }: FastifyRequest): boolean {
  const { counted } = routeOptions.config as { readonly counted?: boolean };
  return counted ?? headers.authorization !== undefined;
}

/** @throws TidewallError too_many_requests */
function refuseTooMany(refusal: TidewallError | undefined): void {
  if (refusal !== undefined) throw refusal;
}

/** Undefined: it is not said before all has come. */
function sentBytesOf({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Without what HTTP/2 writes as headers, and HTTP/1.1 in the first line. */
function headerCountOf({ rawHeaders }: IncomingMessage): number {
  let pseudo = 0;
  while (rawHeaders[2 * pseudo]?.startsWith(':')) pseudo++;
  return rawHeaders.length / 2 - pseudo;
}

/** Counts requests and upgrades that were turned away before anything looked at what they want. */
export function rejectedRequests(meter: ApiContext['meter']) {
  return meter.counter('tidewall_http_rejected_total', 'Requests turned away', ['reason']);
}

/** Lets the pages of listed origins read the answer (CORS). Nobody else's: then there is no header at all. */
function allowOrigin(request: FastifyRequest, reply: FastifyReply, guard: OriginGuard): void {
  reply.header('vary', 'origin');
  const origin = guard.corsOrigin(request.headers);
  if (origin === undefined) return;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'etag, retry-after, www-authenticate',
    'cross-origin-resource-policy': 'cross-origin',
  });
  if (request.method !== 'OPTIONS') return;
  reply.headers({
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'authorization, content-type, if-none-match, idempotency-key',
    'access-control-max-age': '600',
  });
}

function fail(
  options: AppOptions,
  failure: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  route?: BoundRoute,
): FastifyReply {
  const { log, meter } = options;
  const config = request.routeOptions.config as { bodyLimitText?: string } | undefined;
  const refusal = asRefusal(failure, config?.bodyLimitText ?? 'is allowed');
  countError(meter, request.routeOptions.url ?? 'none', refusal?.kind ?? 'internal');
  if (refusal === undefined) log.error({ err: failure, route: request.routeOptions.url }, 'a request failed');
  else if (refusal.kind === 'limit_exceeded') {
    rejectedRequests(meter).add(1, { reason: 'too_large' });
    // What is left of the body is not read.
    reply.header('connection', 'close');
  }
  const told = refusal ?? internalError(failure);
  if (ERROR_STATUS[told.kind] === 401) reply.header('www-authenticate', CHALLENGE);
  if (route?.refuse === undefined) return answer(reply, told);
  if (told.kind === 'too_many_requests') reply.headers(errorAnswer(told).headers);
  return sendAnswer(reply, route, route.refuse(told, ERROR_STATUS[told.kind]));
}

function answer(reply: FastifyReply, failure: TidewallError, status?: number): FastifyReply {
  const { status: code, headers, body } = errorAnswer(failure, status);
  return reply.code(code).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  if (path === '/api' || path.startsWith('/api/')) {
    const asked = `${knownMethod(request.method)} ${path.slice(0, 200)}`;
    return answer(reply, new TidewallError('unknown_command', `there is no ${asked}; see /api/openapi.json`), 404);
  }
  if (request.headers.accept?.includes('text/html')) return sendPlainPage(reply, 404, NOT_FOUND_PAGE);
  return reply.code(404).type('text/plain; charset=utf-8').send('there is nothing here\n');
}

function knownMethod(method: string): string {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method) || UNSAFE.has(method) ? method : 'other';
}
