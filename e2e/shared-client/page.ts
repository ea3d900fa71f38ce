import { createClient } from '@tidewall/client';
import { createSharedClient, type SharedClient } from '@tidewall/client/shared';
import { createWebSocketTransport } from '@tidewall/gateways/websocket/client';

/* A tab: it follows a state and a log, and has its client in `window.client`. */

declare global {
  interface Window {
    client: SharedClient;
    state: unknown;
    entries: unknown[];
    statuses: string[];
  }
}

const query = new URLSearchParams(location.search);
const url = query.get('server') ?? '';
// A page that is not served safely has no locks.
if (query.has('alone')) Object.defineProperty(navigator, 'locks', { value: undefined });

window.client = createSharedClient({
  name: url,
  create: () => createClient({ url, transports: [createWebSocketTransport()], random: () => 0 }),
});
window.entries = [];
window.statuses = [];
window.client.onStatus(({ type }) => void window.statuses.push(type));
window.client.follow('shared/state', { kind: 'state' }, (replica) => {
  window.state = replica.value();
});
window.client.watch('shared/log', { kind: 'log' }, ({ d }) => {
  if (d !== undefined) window.entries.push(d);
});
