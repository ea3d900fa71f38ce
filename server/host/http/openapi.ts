import type { Need } from '@tidewall/contracts';
import { ERROR_MEANINGS, ERROR_STATUS, type ErrorName } from '@tidewall/protocol';
import { z } from 'zod';
import type { BoundRoute } from './route.ts';
import { errorSchema } from './schemas.ts';

/** The reference of the API as OpenAPI 3.1, made from the same routes that answer. */
export function openApiDocument(routes: readonly BoundRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    paths[route.path] = path;
    path[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidewall',
      version,
      description: 'Live data big screens. The stream of changes itself is at /ws (WebSocket, tidewall.v1.json).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas: { Error: jsonSchema(errorSchema, 'output') }, securitySchemes: SHOWN },
    // Nothing need be shown to a server that is open.
    security: [{}, ...Object.keys(SHOWN).map((name) => ({ [name]: [] }))],
  };
}

/** How one shows who one is. */
const SHOWN = {
  bearer: { type: 'http', scheme: 'bearer', description: '`<id>:<secret>` of a key, or a token' },
  basic: { type: 'http', scheme: 'basic', description: 'the id and the secret of a key' },
  signature: { type: 'http', scheme: 'tidewall-hmac', description: 'what a key has signed, good once' },
};

const KEY_HEADER = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'publishing again with the same key changes nothing and answers the same position',
  schema: { type: 'string', minLength: 1, maxLength: 128 },
};

const NO_CONTENT = 204;

/** What whoever calls must be allowed, by the names that the path has for it. */
function needs({ path, needOf, decidedBy }: BoundRoute): object | string {
  if (decidedBy !== 'route') return decidedBy;
  const names = path.match(/(?<=\{)\w+(?=\})/g) ?? [];
  const need = needOf(Object.fromEntries(names.map((name) => [name, 'x']))) as Need;
  // What is decided about is what the path names first.
  return { ...need, name: need.name === 'x' ? `{${names[0]}}` : need.name };
}

function operation(route: BoundRoute): object {
  const { summary, description, params, query, body, takesKey, answer, errors, method, path } = route;
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z]+(.)?/g, (_, letter?: string) => letter?.toUpperCase() ?? '')}`,
    summary,
    ...(description !== undefined && { description }),
    'x-tidewall-needs': needs(route),
    parameters: [...parameters(params, 'path'), ...parameters(query, 'query'), ...(takesKey ? [KEY_HEADER] : [])],
    ...(body && {
      requestBody: {
        required: true,
        description: `${body.description}; at most ${body.maxBytes} bytes (${body.limitName})`,
        content: { [body.contentType]: { schema: jsonSchema(body.schema, 'input') } },
      },
    }),
    responses: {
      [answer.status ?? 200]: {
        description: answer.description,
        ...(answer.status !== NO_CONTENT && {
          content: { [answer.contentType]: { schema: jsonSchema(answer.schema, 'output') } },
        }),
      },
      ...refusals(
        [...new Set<ErrorName>(['bad_request', 'internal', 'too_many_requests', ...errors])],
        route.refuse === undefined,
      ),
    },
  };
}

function parameters(schema: z.ZodType, where: 'path' | 'query'): object[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const { properties = {} } = jsonSchema(schema, 'input') as { properties?: Record<string, { description?: string }> };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path',
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** One entry a status; names that share one are listed in it. */
function refusals(names: readonly ErrorName[], usual: boolean): Record<string, object> {
  const byStatus = new Map<number, string[]>();
  for (const name of names) {
    const status = ERROR_STATUS[name];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${name}\`: ${ERROR_MEANINGS[name]}`]);
  }
  // Who refuses in words of its own says in which.
  const content = usual && { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, meanings]) => [
      String(status),
      { description: meanings.join('. '), ...(content && { content }) },
    ]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
