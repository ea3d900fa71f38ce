export { createDecider, type Decider } from './decider.ts';
export { ADMIN, ANYBODY, DEFAULT_RULES, HERE, OPEN_RULES } from './default-rules.ts';
export { namesOf, ownRuleSchema, roleSchema, ruleSchema, THINGS } from './rule-schema.ts';
