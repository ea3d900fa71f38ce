import type { SharedClient } from '@tidewall/client/shared';
import {
  createContext,
  createElement,
  type FunctionComponentElement,
  type ProviderProps,
  type ReactNode,
  useContext,
} from 'react';

const TidewallContext = createContext<SharedClient | undefined>(undefined);

/** Everything inside shares this client. Whoever created it closes it. */
export function TidewallProvider(props: {
  readonly client: SharedClient;
  readonly children?: ReactNode;
}): FunctionComponentElement<ProviderProps<SharedClient | undefined>> {
  return createElement(TidewallContext.Provider, { value: props.client }, props.children);
}

/** The client of the provider around. @throws TypeError without one */
export function useClient(): SharedClient {
  const client = useContext(TidewallContext);
  if (client === undefined) throw new TypeError('no client: put <TidewallProvider client={createClient(…)}> around');
  return client;
}
