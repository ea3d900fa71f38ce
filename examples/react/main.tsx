/** @jsxImportSource react */
import { createClient } from '@tidewall/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { TidewallProvider, useStatus, useTopic, useVariable } from '@tidewall/react';
import { createRoot } from 'react-dom/client';

const url = new URLSearchParams(location.search).get('server') ?? 'http://localhost:7070';
const client = createClient({ url, transports: [createWebSocketTransport()] });

function Shop() {
  const status = useStatus();
  const { value: sales, freshness } = useTopic<{ total: number }>('shop/sales', { kind: 'state', delta: true });
  const [city, setCity] = useVariable<string>('hall', 'city');
  return (
    <main>
      <p>link: {status.type}</p>
      <h1>{sales === undefined ? '…' : `${sales.total} sold`}</h1>
      <p>data: {freshness.state}</p>
      <p>city: {city ?? 'all'}</p>
      {['Shanghai', 'Shenzhen'].map((name) => (
        <button type="button" key={name} onClick={() => void setCity(name)}>
          {name}
        </button>
      ))}
    </main>
  );
}

createRoot(document.querySelector('#app') as HTMLElement).render(
  <TidewallProvider client={client}>
    <Shop />
  </TidewallProvider>,
);
