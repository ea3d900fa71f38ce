export { StoreRefused } from '../store-refused.ts';
export { openSqliteStore, type SqliteStoreOptions } from './open-sqlite-store.ts';
