import { z } from 'zod';
import { manifestSchema } from '../component-manifest.ts';
import { unknownScreen } from '../element-topics.ts';
import type { ApiContext } from './api-context.ts';
import { matchesEtag } from './etag.ts';
import { type BoundRoute, defineRoute, jsonAnswer } from './route.ts';
import { screenListSchema } from './schemas.ts';

const nothing = z.strictObject({});

/** Screens, and the components that they are made of. */
export function screenRoutes({ screens, manifest }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/screens',
      summary: 'List the screens',
      params: nothing,
      needs: 'shown',
      query: nothing,
      answer: { description: 'The screens, by id', contentType: 'application/json', schema: screenListSchema },
      errors: [],
      async handle({ may }) {
        const seen = screens.list().filter(({ screen: { id } }) => may({ thing: 'screens', action: 'view', name: id }));
        const rows = seen.map(({ screen: { id, meta, canvas, elements, theme }, revision }) => ({
          id,
          name: meta.name,
          nameEn: meta.nameEn,
          description: meta.description,
          descriptionEn: meta.descriptionEn,
          tags: meta.tags,
          width: canvas.width,
          height: canvas.height,
          elements: Object.keys(elements).length,
          theme,
          revision,
        }));
        return jsonAnswer({ screens: rows });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/screens/{id}',
      summary: 'Read a screen document',
      params: z.strictObject({ id: z.string() }),
      needs: ({ id }) => ({ thing: 'screens', action: 'view', name: id }),
      query: nothing,
      answer: {
        description: 'The document, with its defaults filled in',
        contentType: 'application/json',
        schema: z.looseObject({ format: z.literal(1), id: z.string() }),
      },
      errors: ['unknown_screen'],
      async handle({ params, ifNoneMatch }) {
        const document = screens.get(params.id);
        if (document === undefined) throw unknownScreen(screens, params.id);
        const etag = `"${document.revision}"`;
        const headers = { etag, 'cache-control': 'no-cache' };
        return matchesEtag(ifNoneMatch, etag) ? { status: 304, headers, body: '' } : { headers, body: document.json };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/components',
      summary: 'List the components, with what each takes',
      params: nothing,
      needs: 'everybody',
      query: nothing,
      answer: { description: 'The manifest of components', contentType: 'application/json', schema: manifestSchema },
      errors: [],
      handle: async () => ({ body: manifest.json }),
    }),
  ];
}
