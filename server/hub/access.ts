import type { Access } from '@tidewall/contracts';

/** Everybody may do everything: what a server does that nobody but its own machine can reach. */
export const openAccess: Access = { permit: () => ({}) };
