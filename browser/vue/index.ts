export { TIDEWALL, type TidewallPlugin, tidewall, useClient } from './plugin.ts';
export { useStatus } from './use-status.ts';
export { type TopicRefs, useTopic } from './use-topic.ts';
export { useVariable, type Variable } from './use-variable.ts';
