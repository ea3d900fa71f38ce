import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { createTopicStore, type TopicState } from '@tidewall/client/stores';
import { useMemo, useSyncExternalStore } from 'react';
import { useClient } from './provider.ts';

/**
 * Follows a topic while the component is there, and another one when `topic` or what `options` say changes; renders at
 * most once a frame. `Value` is what you know the topic to hold: nothing checks it. Never change it: it is shared by all
 * who follow.
 */
export function useTopic<Value = TopicState['value']>(
  topic: string,
  options: FollowOptions = {},
): Omit<TopicState, 'value'> & { readonly value: Value | undefined } {
  const client = useClient();
  // Options are written anew in each render, and mean the same.
  const said = JSON.stringify(options);
  const store = useMemo(() => createTopicStore(client, topic, JSON.parse(said)), [client, topic, said]);
  const state = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  return state as typeof state & { readonly value: Value | undefined };
}
