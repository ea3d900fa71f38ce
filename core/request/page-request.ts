import type { JsonValue } from '@tidewall/base';
import type { ParameterValue, TopicKind } from '@tidewall/protocol';
import type { Transform } from '@tidewall/transform';
import type { Parameters } from './parameters.ts';
import type { Polling } from './polling.ts';
import type { RequestSettings } from './request-template.ts';

/** What pages ask by themselves for one source, as the server tells it to them: the settings of the source, checked. */
export interface PageRequest extends RequestSettings, Polling {
  readonly name: string;
  readonly topics: readonly string[];
  readonly query?: Readonly<Record<string, ParameterValue>>;
  readonly json?: JsonValue;
  readonly form?: Readonly<Record<string, ParameterValue>>;
  readonly text?: string;
  readonly format: 'json' | 'ndjson' | 'text';
  /** Where in the JSON the rows are. */
  readonly path: string;
  readonly encoding?: string;
  readonly topicKind: TopicKind;
  /** Of a `table`; rows are numbered when absent. */
  readonly keyField?: string;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly transforms: readonly Transform[];
  readonly params: Parameters;
}

/** What a page may be asked to bear. A server tells no more sources, and takes no larger bounds. */
export const PAGE_REQUEST_LIMITS = {
  sources: 100,
  /** Topics that one page asks for at once, combinations of parameters counted. */
  topics: 200,
  bytes: 16 * 1024 * 1024,
  rows: 100_000,
} as const;
