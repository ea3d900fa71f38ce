export type { PageRequest } from '@tidewall/request';
export { AskedReader, type AskedReaderOptions } from './asked-reader.ts';
export { documentSight, type PageSight } from './page-sight.ts';
export { type PolicyFaults, watchPolicy } from './policy-faults.ts';
