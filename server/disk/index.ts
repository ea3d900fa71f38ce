export { type Boot, sameBoot, thisBoot } from './boot.ts';
export { FIND_SQLITE, installedSqlite, NO_SQLITE } from './find-sqlite.ts';
export { FolderLock, type FolderLockOptions, FolderTaken } from './folder-lock.ts';
