import type { LinkStatus } from '@tidewall/browser-contracts/topic-reader';
import { createStatusStore } from '@tidewall/client/stores';
import { useMemo, useSyncExternalStore } from 'react';
import { useClient } from './provider.ts';

/** The link to the server, as it is now. */
export function useStatus(): LinkStatus {
  const client = useClient();
  const store = useMemo(() => createStatusStore(client), [client]);
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
