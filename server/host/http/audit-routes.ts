import { Readable } from 'node:stream';
import { z } from 'zod';
import { auditEntrySchema } from '../audit/audit-entry.ts';
import type { ApiContext } from './api-context.ts';
import { type BoundRoute, defineRoute } from './route.ts';

const nothing = z.strictObject({});

/** What was done and refused, for whoever may see it. As it happens it is the topic `$audit`. */
export function auditRoutes({ audit }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/audit',
      summary: 'Export what was changed and refused, and by whom',
      description: 'Oldest first. As it happens it comes with the topic `$audit`.',
      params: nothing,
      needs: () => ({ thing: 'audit', action: 'see', name: '#' }),
      query: nothing,
      answer: { description: 'An entry a line', contentType: 'application/x-ndjson', schema: auditEntrySchema },
      errors: [],
      handle: async () => ({ body: Readable.from(audit.lines()), headers: { 'cache-control': 'no-store' } }),
    }),
  ];
}
