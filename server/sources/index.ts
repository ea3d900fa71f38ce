export { createRedisTopics, type RedisTopics, redisUrlField, settingsOfRedisTopic } from './redis/index.ts';
export { sourceDefinitions } from './source-definitions.ts';
export type { SourceHealth, SourceState } from './source-runner.ts';
export { createSupervisor, type SourceStatus, type Supervisor, type SupervisorOptions } from './supervisor.ts';
