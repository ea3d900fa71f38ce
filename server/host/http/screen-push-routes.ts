import { OPERATIONS_OF_KIND, type Operation } from '@tidewall/protocol';
import { elementTopic, variablesTopic } from '@tidewall/screen';
import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { parseJsonBytes } from './json-text.ts';
import { type BoundRoute, defineRoute, jsonAnswer, type RouteBody } from './route.ts';
import { positionSchema } from './schemas.ts';

const answer = { description: 'Kept, with this position', contentType: 'application/json', schema: positionSchema };
const screenId = z.string().describe("the screen's id");

/** Pushes to what is on a screen: publications to the topics of its elements and its variables. */
export function screenPushRoutes(context: ApiContext): BoundRoute[] {
  return [pushToElement(context), changeVariables(context)];
}

function pushToElement(context: ApiContext): BoundRoute {
  const { hub } = context;
  return defineRoute({
    method: 'POST',
    path: '/api/screens/{id}/elements/{element}/data',
    aliases: [
      '/api/screens/{id}/components/{element}/data',
      // An id as it is copied, with its slash.
      '/api/screens/{id}/elements/component/{element}/data',
      '/api/screens/{id}/components/component/{element}/data',
    ],
    summary: 'Push data to an element of a screen',
    description:
      'The same as publishing to `screens/<screen>/elements/<element>`. An element is named by its id, with or without ' +
      '`component/` before it, or by its alias. `components` may stand for `elements` in the address.',
    params: z.strictObject({ id: screenId, element: z.string().describe('its id, or its alias') }),
    needs: 'hub',
    query: z.strictObject({
      op: z.enum(OPERATIONS_OF_KIND.state).optional().describe('`merge` changes members of an object'),
    }),
    body: bodyOf(context, 'the data, as the contract of its component has it'),
    takesKey: true,
    answer,
    errors: [
      ...(['permission_denied', 'shape_mismatch', 'limit_exceeded', 'unknown_screen', 'unknown_component'] as const),
      ...(['conflict', 'storage_full', 'busy'] as const),
    ],
    async handle({ params, query, body, key, principal }) {
      const { text, value } = parseJsonBytes(body, 'the body');
      const topic = elementTopic(params.id, params.element);
      const { op } = query;
      const { epoch, offset } = await hub.publish(principal, { topic, op, data: value, json: text, key });
      return jsonAnswer({ epoch, offset });
    },
  });
}

function changeVariables(context: ApiContext): BoundRoute {
  const { hub, elements } = context;
  const op: Operation = 'merge';
  return defineRoute({
    method: 'PATCH',
    path: '/api/screens/{id}/variables',
    summary: 'Set variables of a screen',
    description:
      'The body is a JSON merge patch (RFC 7396): what it does not name stays, null takes a variable away. The same as ' +
      'publishing to `screens/<screen>/variables` with `op=merge`. A variable is a text, a number, true, false or a list.',
    params: z.strictObject({ id: screenId }),
    needs: 'hub',
    query: z.strictObject({}),
    body: bodyOf(context, 'the variables to set, by name'),
    takesKey: true,
    answer,
    errors: [
      ...(['permission_denied', 'shape_mismatch', 'limit_exceeded', 'unknown_screen', 'storage_full', 'busy'] as const),
    ],
    async handle({ params, body, key, principal }) {
      const { text, value } = parseJsonBytes(body, 'the body');
      elements.requireScreen(params.id);
      const publication = {
        topic: variablesTopic(params.id),
        kind: 'state',
        op,
        data: value,
        json: text,
        key,
      } as const;
      const { epoch, offset } = await hub.publish(principal, publication);
      return jsonAnswer({ epoch, offset });
    },
  });
}

function bodyOf({ limits }: ApiContext, description: string): RouteBody {
  return {
    ...{ contentType: 'application/json', description, schema: z.unknown(), read: 'whole' },
    ...{ maxBytes: limits.publicationBytes, limitName: 'limits.publicationBytes' },
  };
}
