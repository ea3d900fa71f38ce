export { type AskedFor, signRequest } from '@tidewall/auth';
export { backupFolder } from './backup/backup-folder.ts';
export { type Restored, restoreBackup } from './backup/restore-backup.ts';
export type { Config, HttpLimits, LogLevel } from './config.ts';
export { configSchema, LOG_LEVELS } from './config.ts';
export { exportBackup } from './export/export-backup.ts';
export { type Imported, importFolder } from './export/import-folder.ts';
export {
  type ConfigOrigins,
  type ConfiguredSource,
  type Flag,
  type FlagName,
  type LoadedConfig,
  loadConfig,
  portsByKind,
} from './load-config.ts';
export { readLocalToken } from './local-token.ts';
export { createLog, type LogOptions } from './log.ts';
export { isLoopback } from './origin-guard.ts';
export { shareLinkSignature, shareLinkText } from './shares/share-link.ts';
export { type HostOptions, type RunningHost, startHost } from './start-host.ts';
export { ConfigError, StartError } from './startup-errors.ts';
export { isFolderTaken } from './store/lock-folder.ts';
export type { TopicConfig } from './topics/topic-settings-schema.ts';
