export { openAccess } from './access.ts';
export { createHub, type Hub, type HubOptions } from './hub.ts';
export { PatternTree } from './pattern-tree.ts';
