import { ACTIONS, type Rule } from '@tidewall/contracts';
import { THINGS } from './rule-schema.ts';

/** May do everything to everything, whatever the rules say: or nobody could mend them. */
export const ADMIN = 'admin';
/** The role of everybody, those too of whom nothing is known. */
export const ANYBODY = 'anybody';

/** What the built-in roles may do where the configuration has no rules of its own. */
export const DEFAULT_RULES: readonly Rule[] = [
  { topics: '#', roles: ['viewer', 'designer'], may: ['read', 'history', 'presence'] },
  { topics: '#', roles: ['publisher', 'designer'], may: ['publish'] },
  { screens: '#', roles: ['viewer', 'designer'], may: ['view'] },
  { screens: '#', roles: ['publisher', 'designer'], may: ['push'] },
  { screens: '#', roles: ['designer'], may: ['edit', 'share'] },
  { sources: '#', roles: ['designer'], may: ['see', 'edit'] },
  { files: '#', roles: ['designer'], may: ['see', 'edit'] },
];

/** Everything, for those of a role. */
export function everythingFor(role: string): readonly Rule[] {
  return THINGS.map((thing) => ({ [thing]: '#', roles: [role], may: ACTIONS[thing] }));
}
