export { createIngest, type Ingest, type IngestOptions, type IngestRequest, UnsupportedType } from './ingest.ts';
export type { IngestAnswer, IngestDefinition, IngestExtra, IngestOutcome } from './ingest-definition.ts';
export { ingestDefinitions } from './ingest-definitions.ts';
export { type IngestSettings, ingestSchema } from './settings.ts';
export { settingsOfIngestTopic } from './topic-settings.ts';
