export { sourceDefinitions } from './source-definitions.ts';
export type { SourceHealth, SourceState } from './source-runner.ts';
export { createSupervisor, type SourceStatus, type Supervisor, type SupervisorOptions } from './supervisor.ts';
