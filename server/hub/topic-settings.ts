import type { TopicSettings } from '@tidewall/contracts';
import type { TopicKind } from '@tidewall/protocol';
import { DEFAULT_KEEP } from './kinds/index.ts';

/** Settings with what is left out filled in. A topic that nothing is said of is a `state`. */
export function completeSettings(some: Partial<TopicSettings> | undefined, asked?: TopicKind): TopicSettings {
  const kind = some?.kind ?? asked ?? 'state';
  return { keyField: 'id', ...some, kind, keep: some?.keep ?? DEFAULT_KEEP[kind] };
}
