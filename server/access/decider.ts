import {
  type Access,
  type Action,
  type Need,
  type Permission,
  type Principal,
  type Rule,
  withoutArrival,
} from '@tidewall/contracts';
import { compilePattern, type Filter, type TopicName, type TopicPattern } from '@tidewall/protocol';
import { ADMIN, ANYBODY } from './default-rules.ts';
import { namesOf } from './rule-schema.ts';

/** Who may do what, decided in one place. What no rule allows is denied. */
export interface Decider extends Access {
  /** What somebody may do, and how much of it is seen; undefined: it is not allowed. */
  decide(principal: Principal, need: Need): Permission | undefined;
  /** The rules that allow it; none: it is denied. An admin needs none. */
  because(principal: Principal, need: Need): readonly Rule[];
}

/** Decisions that are remembered of one principal. */
const MOST_REMEMBERED = 1000;
const EVERYTHING: Permission = {};

/**
 * Decides by these rules, and those that a principal brings along.
 *
 * Who is allowed by several rules sees no member of a row that not one of them shows: rules without a filter count
 * together, and where there are none, rows that any rule shows are seen with the members that all of them show.
 */
export function createDecider(rules: readonly Rule[]): Decider {
  /** Decisions by principal: they hold as long as it does. */
  const remembered = new WeakMap<Principal, Map<string, Permission | undefined>>();
  const because = (principal: Principal, need: Need): readonly Rule[] => [
    ...rules.filter((rule) => isFor(rule, principal) && covers(rule, need)),
    ...(principal.rules ?? []).filter((rule) => covers(rule, need)),
  ];
  const decide = (principal: Principal, need: Need): Permission | undefined => {
    if (principal.roles.includes(ADMIN)) return EVERYTHING;
    const key = `${need.thing} ${need.action} ${need.name}`;
    const who = withoutArrival(principal);
    let known = remembered.get(who);
    if (known === undefined) {
      known = new Map();
      remembered.set(who, known);
    }
    if (known.has(key)) return known.get(key);
    if (known.size >= MOST_REMEMBERED) known.clear();
    const permission = permissionBy(because(principal, need));
    known.set(key, permission);
    return permission;
  };
  return {
    because,
    decide,
    permit: (principal: Principal, action: Action, topic: TopicName) =>
      decide(principal, { thing: 'topics', action, name: topic }),
  };
}

const matchers = new WeakMap<Rule, (name: string) => boolean>();

function covers(rule: Rule, { thing, action, name }: Need): boolean {
  if (rule[thing] === undefined || !rule.may.includes(action)) return false;
  let matches = matchers.get(rule);
  if (matches === undefined) {
    const [, pattern] = namesOf(rule);
    // All of them are allowed by a rule for all of them alone.
    const ofOne = compilePattern(pattern as TopicPattern);
    matches = (asked) => (asked === '#' ? pattern === '#' : ofOne(asked as TopicName));
    matchers.set(rule, matches);
  }
  return matches(name);
}

function isFor({ roles = [] }: Rule, principal: Principal): boolean {
  return roles.some((role) => role === ANYBODY || principal.roles.includes(role));
}

function permissionBy(rules: readonly Rule[]): Permission | undefined {
  if (rules.length === 0) return undefined;
  const unfiltered = rules.filter(({ filter }) => filter === undefined);
  if (unfiltered.length > 0) return permission(undefined, fieldsOfAny(unfiltered));
  const filters = rules.map(({ filter }) => filter as Filter);
  return permission(filters.length === 1 ? filters[0] : ['or', ...filters], fieldsOfAll(rules));
}

function permission(filter: Filter | undefined, fields: readonly string[] | undefined): Permission {
  return { ...(filter && { filter }), ...(fields && { fields }) };
}

function fieldsOfAny(rules: readonly Rule[]): readonly string[] | undefined {
  const lists = rules.map(({ fields }) => fields);
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((fields) => fields ?? []))];
}

function fieldsOfAll(rules: readonly Rule[]): readonly string[] | undefined {
  const lists = rules.flatMap(({ fields }) => (fields === undefined ? [] : [fields]));
  const [first, ...others] = lists;
  return first?.filter((name) => others.every((fields) => fields.includes(name)));
}
