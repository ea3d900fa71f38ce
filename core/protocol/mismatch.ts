import type { JsonValue } from '@tidewall/base';

/** Why data does not fit what it was sent to: the `detail` of `shape_mismatch`. */
export interface Mismatch {
  /** Where in the data: `[3].y`; empty for the whole. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
  /** Small data that would fit. */
  readonly example: JsonValue;
}
