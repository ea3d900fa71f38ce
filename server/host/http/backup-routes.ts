import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { type BoundRoute, defineRoute } from './route.ts';

/** Everything that the server keeps, as one file. */
export function backupRoutes({ backup }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/backup',
      summary: 'Write a backup of the store, screens and uploaded files while the server runs',
      description: 'For `tidewall restore`. What topics hold is not in it.',
      params: z.strictObject({}),
      needs: () => ({ thing: 'server', action: 'backup', name: '#' }),
      query: z.strictObject({
        secret: z
          .enum(['true', 'false'])
          .default('false')
          .describe('with what secrets are sealed with: for the token of the data folder alone'),
      }),
      answer: { description: 'A tar file, compressed', contentType: 'application/gzip', schema: z.unknown() },
      errors: ['permission_denied', 'storage_full'],
      async handle({ principal, query }) {
        const withSecret = query.secret === 'true';
        // Who shows that token may read the secret where it lies; to nobody else does it go over a wire.
        if (withSecret && principal.id !== 'local') {
          const message = `${principal.id} gets no secret.key; run "tidewall backup --with-secret" on the machine of the server`;
          throw new TidewallError('permission_denied', message);
        }
        return { body: await backup(withSecret), headers: { 'cache-control': 'no-store' } };
      },
    }),
  ];
}
