export { openAccess } from './access.ts';
export { createHub, type Hub, type HubOptions } from './hub.ts';
export { DEFAULT_KEEP } from './kinds/index.ts';
export { completeSettings } from './topic-settings.ts';
