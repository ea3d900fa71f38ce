import type { Client } from '@tidewall/client';
import {
  createContext,
  createElement,
  type FunctionComponentElement,
  type ProviderProps,
  type ReactNode,
  useContext,
} from 'react';

const TidewallContext = createContext<Client | undefined>(undefined);

/** Everything inside shares this client. Whoever created it closes it. */
export function TidewallProvider(props: {
  readonly client: Client;
  readonly children?: ReactNode;
}): FunctionComponentElement<ProviderProps<Client | undefined>> {
  return createElement(TidewallContext.Provider, { value: props.client }, props.children);
}

/** The client of the provider around. @throws TypeError without one */
export function useClient(): Client {
  const client = useContext(TidewallContext);
  if (client === undefined) throw new TypeError('no client: put <TidewallProvider client={createClient(…)}> around');
  return client;
}
