export { definition } from './definition.ts';
export { createRedisTopics, type RedisTopics, settingsOfRedisTopic } from './redis-topics.ts';
export { redisUrlField } from './redis-url.ts';
