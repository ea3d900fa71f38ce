import type { JsonValue } from '@tidewall/base';
import type { Operation } from '@tidewall/protocol';

/** Publishes to one topic, and resolves when the hub has it. */
export type Put = (op: Operation, data: JsonValue, at?: number) => Promise<void>;
