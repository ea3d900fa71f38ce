export type { Pipeline } from './delivery.ts';
export type { Preview, PreviewColumn, PreviewOptions, TopicPreview } from './preview.ts';
export { createRedisTopics, type RedisTopics, redisUrlField, settingsOfRedisTopic } from './redis/index.ts';
export { isFileName } from './resolve-file.ts';
export { isCommonSetting, parseSettings, readSettings, settingsJsonSchema } from './settings.ts';
export { sourceDefinitions } from './source-definitions.ts';
export type { SourceHealth, SourceState } from './source-runner.ts';
export type { SourceSpec } from './source-spec.ts';
export {
  createSupervisor,
  type SourceStatus,
  type Supervisor,
  type SupervisorOptions,
  type VariantStatus,
} from './supervisor.ts';
