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
 * What no rule allows is denied. Who is allowed by several rules sees no member of a row that not one of them shows:
 * rules without a filter count together, and where there are none, rows that any rule shows are seen with the members
 * that all of them show.
 */
export function ruleAccess(rules: readonly AccessRule[]): Access {
  return {
    permit(principal, action, topic) {
      const applying = rules.filter(
        ({ topics, roles, may }) =>
          may.includes(action) && roles.some((role) => principal.roles.includes(role)) && matchesPattern(topics, topic),
      );
      if (applying.length === 0) return undefined;
      const unfiltered = applying.filter(({ filter }) => filter === undefined);
      if (unfiltered.length > 0) return permission(undefined, fieldsOfAny(unfiltered));
      const filters = applying.map(({ filter }) => filter as Filter);
      return permission(filters.length === 1 ? filters[0] : ['or', ...filters], fieldsOfAll(applying));
    },
  };
}

function permission(filter: Filter | undefined, fields: readonly string[] | undefined): Permission {
  return { ...(filter && { filter }), ...(fields && { fields }) };
}

function fieldsOfAny(rules: readonly AccessRule[]): readonly string[] | undefined {
  const lists = rules.map(({ fields }) => fields);
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((fields) => fields ?? []))];
}

function fieldsOfAll(rules: readonly AccessRule[]): readonly string[] | undefined {
  const lists = rules.flatMap(({ fields }) => (fields === undefined ? [] : [fields]));
  const [first, ...others] = lists;
  return first?.filter((name) => others.every((fields) => fields.includes(name)));
}
