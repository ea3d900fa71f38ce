export { FolderTaken } from '@tidewall/disk';
export { openJournalBroker } from './journal-broker.ts';
export type { JournalOptions } from './journal-options.ts';
export { JournalRefused } from './replay.ts';
