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
  { screens: '#', roles: ['designer'], may: ['edit', 'share'] },
  { sources: '#', roles: ['designer'], may: ['see', 'edit'] },
  { files: '#', roles: ['designer'], may: ['see', 'edit'] },
];

/** The role of who is on the machine of the server, where the server is open. */
export const HERE = 'here';

/** What everybody may do where the server is open: all that has to do with data. The rest is for who is on its machine. */
export const OPEN_RULES: readonly Rule[] = [
  ...(['topics', 'screens'] as const).map((thing) => ({ [thing]: '#', roles: [ANYBODY], may: ACTIONS[thing] })),
  { sources: '#', roles: [ANYBODY], may: ['see'] },
  { server: '#', roles: [ANYBODY], may: ['see', 'edit'] },
  ...THINGS.map((thing) => ({ [thing]: '#', roles: [HERE], may: ACTIONS[thing] })),
];
