import { createHash } from 'node:crypto';
import { z } from 'zod';
import { pageRequestsOf } from '../page-requests.ts';
import type { ApiContext } from './api-context.ts';
import { matchesEtag } from './etag.ts';
import { type BoundRoute, defineRoute } from './route.ts';

const nothing = z.strictObject({});
const listSchema = z.object({
  requests: z.array(
    z
      .looseObject({ name: z.string(), topics: z.array(z.string()), url: z.string() })
      .describe('a source: its topics, and its settings with their defaults'),
  ),
  leftOut: z.int().describe('sources beyond the most that a page is told of'),
});

/** What pages ask by themselves: sources with `request: browser`. */
export function pageRequestRoutes({ sources }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/page-requests',
      summary: 'List what pages ask by themselves, and for which topics',
      description: 'Sources with `request: browser` whose topics may be read by whoever asks.',
      params: nothing,
      needs: 'shown',
      query: nothing,
      answer: { description: 'What is asked, by source', contentType: 'application/json', schema: listSchema },
      errors: [],
      async handle({ may, ifNoneMatch }) {
        const list = pageRequestsOf(sources.list(), (name) => may({ thing: 'topics', action: 'read', name }));
        const body = JSON.stringify(list);
        const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
        const headers = { etag, 'cache-control': 'no-cache' };
        return matchesEtag(ifNoneMatch, etag) ? { status: 304, headers, body: '' } : { headers, body };
      },
    }),
  ];
}
