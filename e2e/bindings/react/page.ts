import { createClient } from '@tidewall/client';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';
import { TidewallProvider, useStatus, useTopic, useVariable } from '@tidewall/react';
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

/* A page as an application has it: two views of topics, one of which can be taken away, and a variable that is set. */

const url = new URLSearchParams(location.search).get('server') ?? '';
const client = createClient({ url, transports: [createWebSocketTransport()] });

let renders = 0;

function Figure({ topic }: { readonly topic: string }) {
  const { value, freshness, refused } = useTopic<number>(topic);
  document.body.dataset['renders'] = String(++renders);
  return h('p', { className: 'figure', title: freshness.state }, refused?.name ?? String(value ?? 'nothing'));
}

function Wall() {
  const status = useStatus();
  const [shown, setShown] = useState(true);
  const [topic, setTopic] = useState('shop/sales');
  const [city, setCity] = useVariable<string>('hall', 'city');
  return h(
    'main',
    null,
    h('p', { id: 'status' }, status.type),
    shown ? h(Figure, { topic }) : null,
    h('p', { id: 'city' }, city ?? 'nowhere'),
    h('button', { type: 'button', id: 'other', onClick: () => setTopic('shop/visitors') }, 'other topic'),
    h('button', { type: 'button', id: 'hide', onClick: () => setShown(!shown) }, 'hide'),
    h('button', { type: 'button', id: 'set', onClick: () => void setCity('上海') }, 'set'),
    h('button', { type: 'button', id: 'clear', onClick: () => void setCity(null) }, 'clear'),
  );
}

createRoot(document.querySelector('#app') as HTMLElement).render(
  h(StrictMode, null, h(TidewallProvider, { client }, h(Wall))),
);
