import type { Keep, SourceTopic, TopicSettings } from '@tidewall/contracts';
import type { TopicKind } from '@tidewall/protocol';

const KEEP_BYTES = 1024 * 1024;

/** Publications (of a series: points) that are kept of a source's topic when it does not say. */
const KEEP_COUNT: { readonly [Kind in TopicKind]: number } = {
  state: 256,
  table: 1_000,
  series: 3_600,
  log: 1_000,
  signal: 256,
};

/** What the hub is told of a topic that a source declares, with the defaults for what it leaves out. */
export function topicSettingsOf({ kind, keyField, keepCount, expectEveryMs }: SourceTopic): TopicSettings {
  const keep: Keep = { count: keepCount ?? KEEP_COUNT[kind], bytes: KEEP_BYTES };
  return { kind, keyField: keyField ?? 'id', keep, ...(expectEveryMs === undefined ? {} : { expectEveryMs }) };
}
