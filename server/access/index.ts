export { createDecider, type Decider } from './decider.ts';
export { ADMIN, ANYBODY, DEFAULT_RULES, everythingFor } from './default-rules.ts';
export { namesOf, ownRuleSchema, roleSchema, ruleSchema, THINGS } from './rule-schema.ts';
