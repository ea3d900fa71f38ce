import type { FeedSettings, Keep, SomeTopicSettings, TopicSettings } from '@tidewall/contracts';
import type { TopicKind } from '@tidewall/protocol';
import { DEFAULT_KEEP } from './kinds/index.ts';

/** Settings with what is left out filled in. A topic of which nothing is said is of the kind asked for, or a `state`. */
export function completeSettings(some: SomeTopicSettings = {}, asked?: TopicKind): TopicSettings {
  const kind = some.kind ?? asked ?? 'state';
  const { keyField = 'id', expectEveryMs, retain = true, readOnly = false, fits } = some;
  return {
    kind,
    keyField,
    keep: completeKeep(kind, some.keep),
    retain,
    readOnly,
    ...(expectEveryMs === undefined ? {} : { expectEveryMs }),
    ...(fits === undefined ? {} : { fits }),
  };
}

/** What a source says of its topic, with the keeping and the cadence that the configuration wants instead. */
export function feedSettings(said: FeedSettings, configured: SomeTopicSettings = {}): TopicSettings {
  const { count, bytes, ageMs } = configured.keep ?? {};
  return completeSettings({
    ...said,
    keep: { count: count ?? said.keep?.count, bytes: bytes ?? said.keep?.bytes, ageMs: ageMs ?? said.keep?.ageMs },
    expectEveryMs: configured.expectEveryMs ?? said.expectEveryMs,
    retain: configured.retain ?? said.retain,
    readOnly: configured.readOnly ?? said.readOnly,
    // A check for data of another kind would refuse all of the source's.
    fits: (configured.kind === said.kind ? configured.fits : undefined) ?? said.fits,
  });
}

function completeKeep(kind: TopicKind, some: SomeTopicSettings['keep']): Keep {
  const standard = DEFAULT_KEEP[kind];
  const { count = standard.count, bytes = standard.bytes, ageMs } = some ?? {};
  return { count, bytes, ...(ageMs === undefined ? {} : { ageMs }) };
}
