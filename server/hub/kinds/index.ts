import type { Keep } from '@tidewall/contracts';
import type { TopicKind } from '@tidewall/protocol';
import type { Kind, KindContext } from './kind.ts';
import { createLog } from './log.ts';
import { createSeries } from './series.ts';
import { createSignal } from './signal.ts';
import { createState } from './state.ts';
import { createTable } from './table.ts';

export type { Admitted, Change, Kind, KindContext, KindLimits, Projection, Shape } from './kind.ts';
export { refuseShape } from './kind.ts';

const CREATE: { readonly [K in TopicKind]: (context: KindContext) => Kind } = {
  state: createState,
  table: createTable,
  series: createSeries,
  log: createLog,
  signal: createSignal,
};

/** What a topic of this kind holds, empty. */
export function createKind(kind: TopicKind, context: KindContext): Kind {
  return CREATE[kind](context);
}

const MEBIBYTE = 1024 * 1024;

/** What is kept of a topic whose settings do not say. A signal is kept only until the next flush has read it. */
export const DEFAULT_KEEP: { readonly [K in TopicKind]: Keep } = {
  state: { count: 256, bytes: MEBIBYTE },
  table: { count: 1_000, bytes: MEBIBYTE },
  series: { count: 3_600, bytes: MEBIBYTE },
  log: { count: 1_000, bytes: MEBIBYTE },
  signal: { count: 256, bytes: MEBIBYTE },
};
