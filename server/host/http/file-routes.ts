import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { type BoundRoute, defineRoute, jsonAnswer } from './route.ts';

const nothing = z.strictObject({});
const params = z.strictObject({ name: z.string() });
const fileSchema = z.object({ name: z.string(), bytes: z.number(), changedAt: z.number().describe('ms since 1970') });
const HERE = 'On the machine of the server alone.';

/** Files that sources made through the API may read. */
export function fileRoutes({ files }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/files',
      summary: 'List the uploaded files',
      description: HERE,
      params: nothing,
      needs: () => ({ thing: 'files', action: 'see', name: '#' }),
      query: nothing,
      answer: {
        description: 'The files, by name',
        contentType: 'application/json',
        schema: z.object({ files: z.array(fileSchema) }),
      },
      errors: ['permission_denied'],
      async handle() {
        return jsonAnswer({ files: await files.list() });
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/files/{name}',
      summary: 'Upload a file for sources to read, in place of one of that name',
      description: HERE,
      params,
      needs: ({ name }) => ({ thing: 'files', action: 'edit', name }),
      query: nothing,
      body: {
        ...{ contentType: 'application/octet-stream', description: 'the file, as it is', schema: z.unknown() },
        ...{ read: 'stream', maxBytes: files.maxBytes, limitName: 'http.fileBytes' },
      },
      answer: { description: 'The file', contentType: 'application/json', schema: fileSchema },
      errors: ['permission_denied', 'limit_exceeded', 'storage_full', 'busy'],
      async handle(call) {
        return jsonAnswer(await files.put(call.params.name, call.stream));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/files/{name}',
      summary: 'Delete an uploaded file',
      description: HERE,
      params,
      needs: ({ name }) => ({ thing: 'files', action: 'edit', name }),
      query: nothing,
      answer: { description: 'It is gone', contentType: 'application/json', schema: z.object({}) },
      errors: ['permission_denied'],
      async handle(call) {
        await files.delete(call.params.name);
        return jsonAnswer({});
      },
    }),
  ];
}
