export { FolderTaken } from './folder-lock.ts';
export { openJournalBroker } from './journal-broker.ts';
export type { JournalOptions } from './journal-options.ts';
export { JournalRefused } from './replay.ts';
