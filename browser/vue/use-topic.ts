import type { FollowOptions } from '@tidewall/browser-contracts/topic-reader';
import { createTopicStore, NOTHING_HELD, type TopicState } from '@tidewall/client/stores';
import { type ComputedRef, computed, type MaybeRefOrGetter, type Ref, shallowRef, toValue, watchEffect } from 'vue';
import { useClient } from './plugin.ts';

/** A topic, as a component sees it. */
export interface TopicRefs<Value> {
  /** What is held; undefined before the first. Never change it: it is shared by all who follow. */
  readonly value: ComputedRef<Value | undefined>;
  readonly freshness: ComputedRef<TopicState['freshness']>;
  /** Why the server refuses it; undefined while it does not. */
  readonly refused: ComputedRef<TopicState['refused']>;
  /** All of it. */
  readonly state: Readonly<Ref<TopicState>>;
}

/**
 * Follows a topic while the component is there, and another one when `topic` or `options` change; told at most once a
 * frame. `Value` is what you know the topic to hold: nothing checks it.
 */
export function useTopic<Value = TopicState['value']>(
  topic: MaybeRefOrGetter<string>,
  options: MaybeRefOrGetter<FollowOptions> = {},
): TopicRefs<Value> {
  const client = useClient();
  const state = shallowRef(NOTHING_HELD);
  watchEffect((onCleanup) => {
    const store = createTopicStore(client, toValue(topic), toValue(options));
    state.value = store.snapshot();
    onCleanup(
      store.subscribe(() => {
        state.value = store.snapshot();
      }),
    );
  });
  return {
    value: computed(() => state.value.value as Value | undefined),
    freshness: computed(() => state.value.freshness),
    refused: computed(() => state.value.refused),
    state,
  };
}
