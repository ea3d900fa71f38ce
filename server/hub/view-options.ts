import type { ConfigureRequest, Permission, SubscribeRequest, TopicSettings } from '@tidewall/contracts';
import { type Selection, selectionOf } from './selection.ts';

/** What a subscriber asked of its view. */
export type Asked = Pick<SubscribeRequest, 'rateHz' | 'filter' | 'fields' | 'delta' | 'presence' | 'whole'>;

/** How a view shows its topic: all subscriptions whose options have the same key share one view a wire. */
export interface ViewOptions {
  readonly key: string;
  /** The least time between two pushes; 0: each flush window. */
  readonly periodMs: number;
  readonly selection: Selection | undefined;
  readonly delta: boolean;
  readonly presence: boolean;
  /** Of which kinds every push is all that the topic holds. */
  readonly whole: 'value' | 'kept' | undefined;
}

/** The options of a subscriber, in a normal form, so that those who need the same bytes find each other. */
export function viewOptions(
  { kind, keyField }: Pick<TopicSettings, 'kind' | 'keyField'>,
  { rateHz, filter, fields, delta, presence, whole }: Asked,
  permission: Permission,
  windowMs: number,
): ViewOptions {
  const periodMs = rateHz === undefined ? 0 : 1000 / rateHz;
  const options = {
    periodMs: periodMs <= windowMs ? 0 : periodMs,
    selection: selectionOf(
      { filter, fields },
      permission,
      kind === 'table' ? keyField : kind === 'series' ? 't' : undefined,
    ),
    // The other kinds send nothing but changes as it is.
    delta: delta === true && (kind === 'state' || kind === 'table'),
    presence: presence === true,
    whole,
  };
  const { key } = options.selection ?? { key: '' };
  return { ...options, key: `${options.periodMs} ${options.delta} ${options.presence} ${whole ?? ''} ${key}` };
}

/** Whether two that follow the same pattern ask for the same of it. */
export function samePattern(a: SubscribeRequest, b: SubscribeRequest): boolean {
  const text = ({ kind, rateHz, filter, fields, delta, presence, whole }: SubscribeRequest) =>
    JSON.stringify([kind, rateHz, filter, fields, delta ?? false, presence ?? false, whole]);
  return text(a) === text(b);
}

/** What a subscriber asks for once a change is made. */
export function changedAsking(asked: Asked, { rateHz, filter, fields, delta }: ConfigureRequest): Asked {
  return {
    rateHz: rateHz === undefined ? asked.rateHz : (rateHz ?? undefined),
    filter: filter === undefined ? asked.filter : (filter ?? undefined),
    fields: fields === undefined ? asked.fields : (fields ?? undefined),
    delta: delta ?? asked.delta,
    presence: asked.presence,
    whole: asked.whole,
  };
}
