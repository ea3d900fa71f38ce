import { createClient } from '@tidewall/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { tidewall, useStatus, useTopic, useVariable } from '@tidewall/vue';
import { createApp, defineComponent, h } from 'vue';

const url = new URLSearchParams(location.search).get('server') ?? 'http://localhost:7070';
const client = createClient({ url, transports: [createWebSocketTransport()] });

const Shop = defineComponent({
  setup() {
    const status = useStatus();
    const { value: sales, freshness } = useTopic<{ total: number }>('shop/sales', { kind: 'state', delta: true });
    const city = useVariable<string>('hall', 'city');
    return () =>
      h('main', [
        h('p', `link: ${status.value.type}`),
        h('h1', sales.value === undefined ? '…' : `${sales.value.total} sold`),
        h('p', `data: ${freshness.value.state}`),
        h('p', `city: ${city.value.value ?? 'all'}`),
        ...['Shanghai', 'Shenzhen'].map((name) =>
          h('button', { type: 'button', onClick: () => void city.set(name) }, name),
        ),
      ]);
  },
});

createApp(Shop).use(tidewall(client)).mount('#app');
