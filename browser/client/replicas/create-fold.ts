import { assertNever } from '@tidewall/base';
import type { TopicKind } from '@tidewall/protocol';
import type { Fold } from './fold.ts';
import { createLogFold } from './log.ts';
import { createSeriesFold } from './series.ts';
import { createSignalFold } from './signal.ts';
import { createStateFold } from './state.ts';
import { createTableFold } from './table.ts';

/** What a topic of this kind is folded into, empty. */
export function createFold(kind: TopicKind, keepCount: number, keyField: string): Fold {
  switch (kind) {
    case 'state':
      return createStateFold();
    case 'table':
      return createTableFold(keyField);
    case 'series':
      return createSeriesFold(keepCount);
    case 'log':
      return createLogFold(keepCount);
    case 'signal':
      return createSignalFold();
    default:
      return assertNever(kind);
  }
}
