import type { LinkStatus } from '@tidewall/browser-contracts/topic-reader';
import { createStatusStore } from '@tidewall/client/stores';
import { onScopeDispose, type Ref, shallowRef } from 'vue';
import { useClient } from './plugin.ts';

/** The link to the server, as it is now. */
export function useStatus(): Readonly<Ref<LinkStatus>> {
  const store = createStatusStore(useClient());
  const status = shallowRef(store.snapshot());
  onScopeDispose(
    store.subscribe(() => {
      status.value = store.snapshot();
    }),
  );
  return status;
}
