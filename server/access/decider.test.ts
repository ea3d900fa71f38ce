import { ACTIONS, type Need, type Principal, type Rule } from '@tidewall/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecider, DEFAULT_RULES, ownRuleSchema, ruleSchema, THINGS } from './index.ts';

/*
 * Held by the table of actions itself: every role × thing × action, so that one that is added is looked at here.
 */

const who = (...roles: string[]): Principal => ({ id: `of:${roles.join('+')}`, roles });
const need = (thing: Need['thing'], action: string, name = 'x'): Need => ({ thing, action, name });

/** What each built-in role may do; everything else is denied. */
const MAY: Readonly<Record<string, Readonly<Partial<Record<Need['thing'], readonly string[]>>>>> = {
  anybody: {},
  viewer: { topics: ['read', 'history', 'presence'], screens: ['view'] },
  publisher: { topics: ['publish'] },
  designer: {
    topics: ['read', 'publish', 'history', 'presence'],
    screens: ['view', 'edit', 'share'],
    sources: ['see', 'edit'],
    files: ['see', 'edit'],
  },
  admin: ACTIONS,
};

describe.each(Object.keys(MAY))('[A4] the built-in role %s', (role) => {
  const decider = createDecider(DEFAULT_RULES);
  test.each(THINGS.flatMap((thing) => ACTIONS[thing].map((action) => [action, thing] as const)))(
    'may %s %s exactly where it is said so',
    (action, thing) => {
      const allowed = MAY[role]?.[thing]?.includes(action) === true;
      for (const name of ['x', 'a/b/c', '#']) {
        expect(decider.decide(who(role), need(thing, action, name)) !== undefined).toBe(allowed);
      }
      const why = decider.because(who(role), need(thing, action));
      expect(role === 'admin' || why.length > 0 === allowed).toBe(true);
    },
  );
});

test('what no rule allows is denied, whoever asks', () => {
  const name = fc.constantFrom('x', 'a/b', '__proto__', 'constructor', '');
  fc.assert(
    fc.property(fc.constantFrom(...THINGS), name, fc.array(name), (thing, named, roles) => {
      const asker = who(...roles);
      for (const action of [...ACTIONS[thing], '__proto__', 'toString']) {
        expect(createDecider([]).decide(asker, need(thing, action, named))).toBeUndefined();
      }
    }),
  );
});

test('a rule of one kind of thing says nothing of another, and a role of one says nothing of another', () => {
  const decider = createDecider([{ topics: '#', roles: ['a'], may: ['read'] }]);
  expect(decider.decide(who('a'), need('topics', 'read'))).toEqual({});
  expect(decider.decide(who('a'), need('screens', 'read'))).toBeUndefined();
  expect(decider.decide(who('b'), need('topics', 'read'))).toBeUndefined();
  expect(decider.decide(who('a', 'b'), need('topics', 'publish'))).toBeUndefined();
});

test('all of them are allowed by a rule for all of them alone', () => {
  const decider = createDecider([{ sources: '+', roles: ['a'], may: ['see'] }]);
  expect(decider.decide(who('a'), need('sources', 'see', 'one'))).toEqual({});
  expect(decider.decide(who('a'), need('sources', 'see', '#'))).toBeUndefined();
});

test('rules that a principal brings along are joined to those of its roles', () => {
  const decider = createDecider([{ topics: 'a', roles: ['r'], may: ['read'], filter: ['v', 'eq', 1] }]);
  const rules: readonly Rule[] = [{ topics: 'a', may: ['read'], filter: ['v', 'eq', 2] }];
  const permit = (principal: Principal) => decider.permit(principal, 'read', 'a' as never);
  expect(permit({ id: 'k', roles: [], rules })).toEqual({ filter: ['v', 'eq', 2] });
  expect(permit({ id: 'k', roles: ['r'], rules })).toEqual({ filter: ['or', ['v', 'eq', 1], ['v', 'eq', 2]] });
  expect(decider.permit({ id: 'k', roles: [], rules }, 'publish', 'a' as never)).toBeUndefined();
});

test('a decision is remembered for who it was made for, and never more of them than the bound', () => {
  const decider = createDecider([{ topics: 'a/#', roles: ['r'], may: ['read'] }]);
  const [one, other] = [who('r'), who('s')];
  for (let i = 0; i < 3000; i++) {
    expect(decider.permit(one, 'read', `a/${i % 1500}` as never)).toEqual({});
    expect(decider.permit(other, 'read', `a/${i % 1500}` as never)).toBeUndefined();
  }
});

describe('a rule as it is written', () => {
  const refused = (rule: object) => {
    const result = ruleSchema.safeParse(rule);
    return result.success ? undefined : result.error.issues.map(({ path, message }) => [path.join('.'), message]);
  };
  test('is taken with a filter and fields', () => {
    const rule = { topics: 'sales/#', roles: ['shop-sh'], may: ['read'], filter: ['site', 'eq', 'sh'], fields: ['v'] };
    expect(ruleSchema.parse(rule)).toEqual(rule);
    const { roles: _, ...own } = rule;
    expect(ownRuleSchema.parse(own)).toEqual(own);
    expect(ownRuleSchema.safeParse(rule).success).toBe(false);
  });
  test.each([
    [{ roles: ['a'], may: ['read'] }, '', /must name one of topics, screens/],
    [{ topics: '#', screens: '#', roles: ['a'], may: ['read'] }, '', /must name one of/],
    [{ topics: 'a#', roles: ['a'], may: ['read'] }, 'topics', /must have "\+" and "#" alone/],
    [
      { topics: '#', roles: ['a'], may: ['view'] },
      'may.0',
      /must be one of read, publish, history, presence, for topics/,
    ],
    [{ topics: '#', roles: ['A b'], may: ['read'] }, 'roles.0', /./],
    [{ topics: '#', may: ['read'] }, 'roles', /./],
    [{ topics: '#', roles: ['a'], may: ['read'], filter: ['x', 'is', 1] }, 'filter', /./],
    [{ screens: '#', roles: ['a'], may: ['view'], fields: ['v'] }, '', /filter and fields are for topics alone/],
    [{ topics: '#', roles: ['a'], may: ['read'], more: 1 }, '', /more/],
  ])('%j is refused with the place', (rule, path, says) => {
    expect(refused(rule)?.[0]?.[0]).toBe(path);
    expect(refused(rule)?.[0]?.[1]).toMatch(says);
  });
});
