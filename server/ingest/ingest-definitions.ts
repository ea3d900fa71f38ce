import { definition as influx } from './influx/index.ts';
import type { IngestDefinition } from './ingest-definition.ts';
import { definition as otlp } from './otlp/index.ts';
import { definition as prometheus } from './prometheus/index.ts';

/** Every protocol that is taken. A folder that is missing here fails the contract suite. */
export const ingestDefinitions: readonly IngestDefinition[] = [influx, prometheus, otlp];
