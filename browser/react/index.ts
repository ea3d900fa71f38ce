export { TidewallProvider, useClient } from './provider.ts';
export { useStatus } from './use-status.ts';
export { useTopic } from './use-topic.ts';
export { useVariable } from './use-variable.ts';
