import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { openApiDocument } from './openapi.ts';
import { type BoundRoute, defineRoute } from './route.ts';

const nothing = z.strictObject({});
const plain = 'text/plain; charset=utf-8';

/** What the one who runs the server asks: is it well, what does it do, what can it be asked. */
export function operationRoutes(context: ApiContext, others: readonly BoundRoute[]): BoundRoute[] {
  const routes: BoundRoute[] = [
    defineRoute({
      method: 'GET',
      path: '/healthz',
      summary: 'Whether the process answers at all',
      params: nothing,
      needs: 'everybody',
      query: z.looseObject({}),
      answer: { description: '`ok`', contentType: plain, schema: z.literal('ok\n') },
      errors: [],
      handle: async () => ({ body: 'ok\n' }),
    }),
    defineRoute({
      method: 'GET',
      path: '/readyz',
      summary: 'Whether it takes work: not while it starts, and not while it stops',
      params: nothing,
      needs: 'everybody',
      query: z.looseObject({}),
      answer: { description: '`ready`', contentType: plain, schema: z.literal('ready\n') },
      errors: ['busy'],
      async handle() {
        const state = context.state();
        if (state !== 'ready') throw new TidewallError('busy', `the server is ${state}`, { afterMs: 1000 });
        return { body: 'ready\n' };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      summary: 'Everything that is counted, for Prometheus',
      params: nothing,
      needs: () => ({ thing: 'server', action: 'see', name: 'metrics' }),
      query: z.looseObject({}),
      answer: { description: "Prometheus' text format", contentType: context.metrics.contentType, schema: z.string() },
      errors: [],
      handle: async () => ({ body: await context.metrics.scrape() }),
    }),
  ];
  let document: string | undefined;
  const openapi: BoundRoute = defineRoute({
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This reference, as OpenAPI 3.1',
    params: nothing,
    needs: 'everybody',
    query: nothing,
    answer: {
      description: 'The document',
      contentType: 'application/json',
      schema: z.looseObject({ openapi: z.string() }),
    },
    errors: [],
    async handle() {
      document ??= JSON.stringify(openApiDocument([...others, ...routes, openapi], context.version));
      return { body: document };
    },
  });
  return [...routes, openapi];
}
