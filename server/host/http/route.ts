import type { Readable } from 'node:stream';
import type { Need, Permission, Principal } from '@tidewall/contracts';
import { type ErrorName, TidewallError } from '@tidewall/protocol';
import type { z } from 'zod';
import { pathText, wrongPlaces } from '../issue-sentence.ts';

/** What a route takes as its body. */
export interface RouteBody {
  /** What the reference names; the handler alone knows whether it takes others. */
  readonly contentType: string;
  readonly description: string;
  readonly schema: z.ZodType;
  /** Whole bodies are read before the handler is called; a stream is handed to it. */
  readonly read: 'whole' | 'stream';
  readonly maxBytes: number;
  /** The setting that `maxBytes` comes from, for messages. */
  readonly limitName: string;
  /** Whether the handler sees to what `Content-Encoding` says; otherwise a body is taken only as it is. */
  readonly takesEncodings?: boolean;
}

/** One call of the API: the one place from which its checks and its reference are made. */
export interface Route<Params extends z.ZodType, Query extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it; `{topic}` or `{pattern}` as the last part takes the rest of the path. */
  readonly path: string;
  /** Other addresses of the same call, which the reference does not list. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly params: Params;
  readonly query: Query;
  /**
   * What whoever calls it must be allowed. `hub`: the hub decides by the topics. `shown`: everybody is told what they may
   * see. `everybody`: there is nothing to be decided.
   */
  readonly needs: 'hub' | 'shown' | 'everybody' | ((params: z.output<Params>) => Need);
  readonly body?: RouteBody;
  /** Whether the header `Idempotency-Key` is carried out; otherwise a request with a body and that header is refused. */
  readonly takesKey?: boolean;
  readonly answer: {
    readonly description: string;
    readonly contentType: string;
    readonly schema: z.ZodType;
    /** Of success; 200 when absent. */
    readonly status?: number;
  };
  /** What it may refuse with, beside `bad_request` and `internal`. */
  readonly errors: readonly ErrorName[];
  handle(call: RouteCall<z.output<Params>, z.output<Query>>): Promise<RouteAnswer>;
  /** How it refuses, where those who call it understand something else than what the rest of the API answers. */
  refuse?(failure: TidewallError, status: number): RouteAnswer;
}

export interface RouteCall<Params, Query> {
  readonly params: Params;
  readonly query: Query;
  /** The whole body; empty when the route takes none, or takes a stream. */
  readonly body: Uint8Array;
  readonly stream: Readable;
  /** The request's `Idempotency-Key`, of a route that takes it. */
  readonly key: string | undefined;
  /** Who calls, and by what it has come. */
  readonly principal: Principal;
  /** The length of the body, where the request says it before. */
  readonly sentBytes: number | undefined;
  /** Where that comes from. */
  readonly address: string;
  /** What the cookie of a user who has signed in says. */
  readonly sessionToken: string | undefined;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** Aborts when whoever calls is gone before there is an answer: for what goes on for his sake alone. */
  readonly gone: AbortSignal;
  /** Whether that is somebody who may do this. */
  may(need: Need): boolean;
  /** How much of it that is; undefined: it may not. */
  permits(need: Need): Permission | undefined;
  /** The request's `If-None-Match`. */
  readonly ifNoneMatch: string | undefined;
  /** As the request says them. */
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

export interface RouteAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Readable;
}

/** A route whose schemas have been joined to its handler, so that all routes are of one type. */
export interface BoundRoute extends Omit<Route<z.ZodType, z.ZodType>, 'handle' | 'needs'> {
  /** What must be allowed, of parameters as they came; undefined where that is not for the route to say. */
  needOf(params: unknown): Need | undefined;
  readonly decidedBy: 'route' | 'hub' | 'shown' | 'everybody';
  /** @throws TidewallError */
  run(call: RouteCall<unknown, unknown>): Promise<RouteAnswer>;
}

/** Joins a route's schemas to its handler: the handler is only called with what they accept. */
export function defineRoute<Params extends z.ZodType, Query extends z.ZodType>(
  route: Route<Params, Query>,
): BoundRoute {
  const { handle, needs, ...rest } = route;
  return {
    ...rest,
    decidedBy: typeof needs === 'function' ? 'route' : needs,
    needOf: (params) => (typeof needs === 'function' ? needs(check(route.params, params, 'path')) : undefined),
    run: async (call) => {
      const params = check(route.params, call.params, 'path');
      // Before anything is told of what was asked: who may not do this learns nothing by trying.
      if (typeof needs === 'function') requireRight(call, needs(params));
      const query = check(route.query, call.query, 'query');
      return handle({ ...call, params, query });
    },
  };
}

/** @throws TidewallError unauthenticated when nobody has said who calls; permission_denied */
export function requireRight(
  { principal, may }: Pick<RouteCall<unknown, unknown>, 'principal' | 'may'>,
  need: Need,
): void {
  if (may(need)) return;
  const { thing, action, name } = need;
  const what = name === '#' ? thing : `${name} (${thing})`;
  if (principal.id === 'anybody') {
    const command = thing === 'topics' || thing === 'screens' ? '' : `, or run "tidewall" on the machine of the server`;
    throw new TidewallError('unauthenticated', `who may ${action} ${what} has to be known: show a key${command}`);
  }
  throw new TidewallError('permission_denied', `${principal.id} may not ${action} ${what}`, { detail: { ...need } });
}

/** A JSON answer. */
export function jsonAnswer(value: unknown): RouteAnswer {
  return { body: JSON.stringify(value) };
}

/**
 * What a value is, by a schema.
 *
 * @param where it comes from, for messages; nothing goes before the place when absent
 * @throws TidewallError bad_request naming the place
 */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, where?: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = wrongPlaces(result.error.issues, value, schema);
  const path = pathText(first?.path ?? []);
  const before = where === undefined ? '' : `${where}: `;
  throw new TidewallError('bad_request', `${before}${path} ${first?.says ?? 'is wrong'}`, { detail: { path } });
}
