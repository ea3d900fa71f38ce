import { createClient } from '@tidewall/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { tidewall, useStatus, useTopic, useVariable } from '@tidewall/vue';
import { createApp, defineComponent, h, onUpdated, ref } from 'vue';

/* A page as an application has it: two views of topics, one of which can be taken away, and a variable that is set. */

const url = new URLSearchParams(location.search).get('server') ?? '';
const client = createClient({ url, transports: [createWebSocketTransport()] });

let renders = 0;

const Figure = defineComponent({
  props: { topic: { type: String, required: true } },
  setup(props) {
    const { value, freshness, refused } = useTopic<number>(() => props.topic);
    onUpdated(() => {
      document.body.dataset['renders'] = String(++renders);
    });
    return () =>
      h(
        'p',
        { class: 'figure', title: freshness.value.state },
        refused.value?.name ?? String(value.value ?? 'nothing'),
      );
  },
});

const Wall = defineComponent({
  setup() {
    const status = useStatus();
    const shown = ref(true);
    const topic = ref('shop/sales');
    const city = useVariable<string>('hall', 'city');
    return () =>
      h('main', [
        h('p', { id: 'status' }, status.value.type),
        shown.value ? h(Figure, { topic: topic.value }) : null,
        h('p', { id: 'city' }, city.value.value ?? 'nowhere'),
        h('button', { type: 'button', id: 'other', onClick: () => (topic.value = 'shop/visitors') }, 'other topic'),
        h('button', { type: 'button', id: 'hide', onClick: () => (shown.value = !shown.value) }, 'hide'),
        h('button', { type: 'button', id: 'set', onClick: () => city.set('上海') }, 'set'),
        h('button', { type: 'button', id: 'clear', onClick: () => city.set(null) }, 'clear'),
      ]);
  },
});

createApp(Wall).use(tidewall(client)).mount('#app');
