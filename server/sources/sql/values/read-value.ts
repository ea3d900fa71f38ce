import type { JsonValue } from '@tidewall/base';
import type { NoValue } from './no-value.ts';

/** What a value of a database is in JSON, unless it has no place there. */
export type Read = (raw: unknown) => JsonValue | NoValue;
