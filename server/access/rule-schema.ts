import { ACTIONS, type Rule, type Thing } from '@tidewall/contracts';
import { type Filter, parseFilter, patternFault, TidewallError } from '@tidewall/protocol';
import { z } from 'zod';

export const THINGS = Object.keys(ACTIONS) as readonly Thing[];

/** What a role is called: own ones, too. */
export const roleSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)
  .describe('a role: viewer, publisher, designer, admin, anybody, or one of your own');

const names = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

const filter = z.unknown().transform((value, context): Filter => {
  try {
    return parseFilter(value);
  } catch (failure) {
    context.addIssue({ code: 'custom', message: failure instanceof TidewallError ? failure.message : String(failure) });
    return z.NEVER;
  }
});

const shape = {
  ...(Object.fromEntries(
    THINGS.map((thing) => [thing, names.optional().describe(`a pattern of names of ${thing}`)]),
  ) as {
    [One in Thing]: z.ZodOptional<typeof names>;
  }),
  may: z.array(z.string()).min(1).max(16).describe('what is allowed'),
  filter: filter.optional().describe('of topics: the rows, entries or values that are seen'),
  fields: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(256)
    .optional()
    .describe('of topics: the members that are seen'),
};

/** A rule for whoever carries it: no roles. */
export const ownRuleSchema = z.strictObject(shape).superRefine(refine);

/** A rule of the configuration, for those of some roles. */
export const ruleSchema = z.strictObject({ ...shape, roles: z.array(roleSchema).min(1).max(64) }).superRefine(refine);

/** What a rule is about, and the names that it means. */
export function namesOf(rule: Rule): readonly [thing: Thing, pattern: string] {
  const thing = THINGS.find((one) => rule[one] !== undefined) as Thing;
  return [thing, rule[thing] as string];
}

function refine(rule: Rule, context: z.RefinementCtx): void {
  const given = THINGS.filter((thing) => rule[thing] !== undefined);
  const [thing] = given;
  if (thing === undefined || given.length > 1) {
    context.addIssue({ code: 'custom', message: `must name one of ${THINGS.join(', ')}: {"topics":"sales/#",…}` });
    return;
  }
  const known: readonly string[] = ACTIONS[thing];
  for (const [at, action] of rule.may.entries()) {
    if (known.includes(action)) continue;
    context.addIssue({
      code: 'custom',
      path: ['may', at],
      message: `must be one of ${known.join(', ')}, for ${thing}`,
    });
  }
  if (thing === 'topics' || (rule.filter === undefined && rule.fields === undefined)) return;
  context.addIssue({ code: 'custom', message: 'filter and fields are for topics alone' });
}
