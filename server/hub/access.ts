import type { Access, Action, Permission } from '@tidewall/contracts';
import { type Filter, matchesPattern, type TopicPattern } from '@tidewall/protocol';

/** Everybody may do everything: what a server does that nobody but its own machine can reach. */
export const openAccess: Access = { permit: () => ({}) };

/** Lets those of some roles do some things to the topics of a pattern, and see as much of them as it says. */
export interface AccessRule {
  readonly topics: TopicPattern;
  readonly roles: readonly string[];
  readonly may: readonly Action[];
  /** Rows, entries or values that are seen; all when absent. */
  readonly filter?: Filter;
  /** Members of them that are seen; all when absent. */
  readonly fields?: readonly string[];
}

/**
 * What no rule allows is denied. Who is allowed by several rules sees what any of them shows: rules add, and never take
 * away from each other.
 */
export function ruleAccess(rules: readonly AccessRule[]): Access {
  return {
    permit(principal, action, topic) {
      const applying = rules.filter(
        ({ topics, roles, may }) =>
          may.includes(action) && roles.some((role) => principal.roles.includes(role)) && matchesPattern(topics, topic),
      );
      return applying.length === 0 ? undefined : applying.map(permissionOf).reduce(either);
    },
  };
}

function permissionOf({ filter, fields }: AccessRule): Permission {
  return { ...(filter && { filter }), ...(fields && { fields }) };
}

function either(a: Permission, b: Permission): Permission {
  const filter: Filter | undefined = a.filter && b.filter && ['or', a.filter, b.filter];
  const fields = a.fields && b.fields && [...new Set([...a.fields, ...b.fields])];
  return { ...(filter && { filter }), ...(fields && { fields }) };
}
