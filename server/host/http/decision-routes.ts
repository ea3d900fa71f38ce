import { ANYBODY } from '@tidewall/access';
import { ACTIONS, type Principal, type Thing } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { type BoundRoute, defineRoute, jsonAnswer } from './route.ts';

const things = Object.keys(ACTIONS) as [Thing, ...Thing[]];

const answerSchema = z.object({
  allowed: z.boolean(),
  who: z.object({ id: z.string(), roles: z.array(z.string()) }),
  because: z
    .array(z.looseObject({ may: z.array(z.string()) }))
    .describe('the rules that allow it; an admin needs none'),
  filter: z.unknown().optional().describe('the rows, entries or values that are seen'),
  fields: z.array(z.string()).optional().describe('the members that are seen'),
});

/** Why somebody may do something, or not: the decision that is asked everywhere, asked aloud. */
export function decisionRoutes({ decider, principals }: ApiContext): BoundRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/decision',
      summary: 'Tell whether somebody may do something, and by which rules',
      params: z.strictObject({}),
      needs: () => ({ thing: 'server', action: 'see', name: 'decisions' }),
      query: z.strictObject({
        who: z
          .string()
          .min(1)
          .max(512)
          .describe(
            '`anybody`, `role:viewer` or several with commas, `key:<id>`, `user:<name>`, `oidc:<provider>:<sub>`',
          ),
        thing: z.enum(things).default('topics'),
        action: z.string().min(1).max(64).describe('as a rule has it: `read`, `publish`, `view` …'),
        name: z.string().min(1).max(256).describe('of the topic, the screen …'),
      }),
      answer: { description: 'The decision', contentType: 'application/json', schema: answerSchema },
      errors: [],
      async handle({ query: { who, ...need } }) {
        const known: readonly string[] = ACTIONS[need.thing];
        if (!known.includes(need.action)) {
          throw new TidewallError('bad_request', `query: action must be one of ${known.join(', ')}, for ${need.thing}`);
        }
        const principal = principalNamed(who, principals);
        const permission = decider.decide(principal, need);
        const { id, roles } = principal;
        const because = permission === undefined ? [] : decider.because(principal, need);
        return jsonAnswer({ allowed: permission !== undefined, who: { id, roles }, because, ...permission });
      },
    }),
  ];
}

function principalNamed(who: string, principals: ApiContext['principals']): Principal {
  if (who === ANYBODY) return { id: ANYBODY, roles: [ANYBODY] };
  if (who.startsWith('role:')) {
    return { id: who, roles: who.slice('role:'.length).split(',') };
  }
  const found = principals(who);
  if (found !== undefined) return found;
  const message = `query: there is no ${JSON.stringify(who.slice(0, 64))}; who is anybody, role:<role>, key:<id>, user:<name> or oidc:<provider>:<sub> who is signed in`;
  throw new TidewallError('bad_request', message);
}
